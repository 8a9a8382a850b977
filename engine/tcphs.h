/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcphs.h - what a TCP handshake is, for programs that look at captures.
 *
 * The engine takes parsed segments and the capture's own time, and gives back what each segment meant
 * (a mark), what was wrong with it (findings) and how each connection was opened (a judgement). It does
 * no input or output, reads no clock and keeps no global state. Two front ends use it: the Wireshark
 * plugin and the analyzer; the same segments give the same answers in both.
 *
 * Words: an *endpoint* is an address and a port; a *connection* is between two. The *side* of a
 * connection (first or second) is who was captured sending first; its *role* (client or server) is
 * worked out from the segments (see tcphs_judgement). Sequence numbers are raw and modulo 2^32. Section
 * numbers in comments are of RFC 9293 unless another RFC is named.
 */
#ifndef TCPHS_H
#define TCPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- units ------------------------------------------------------------------------------------- */

/** tcphs_time: capture time in nanoseconds since the epoch; differences are signed. */
typedef int64_t tcphs_time;
#define TCPHS_SECOND INT64_C(1000000000)
#define TCPHS_MILLISECOND INT64_C(1000000)
/** An interval that is not known. */
#define TCPHS_TIME_NONE INT64_MIN
/** A capture's end that has not come. */
#define TCPHS_TIME_NEVER INT64_MAX

/**
 * tcphs_ref: the caller's name for a segment. The engine copies it and compares refs for capture order,
 * never more: a frame number in the analyzer, the index of a mark plus one in the plugin. 0 is none.
 */
typedef uint32_t tcphs_ref;

/** Return values of functions that can fail. */
enum { TCPHS_OK = 0, TCPHS_ERR_NOMEM = -1 };

/** enum tcphs_side: who sent, by order of appearance in the connection. */
enum tcphs_side { TCPHS_SIDE_FIRST, TCPHS_SIDE_SECOND };

/** enum tcphs_role: index of what is kept for the client and for the server. */
enum tcphs_role { TCPHS_CLIENT, TCPHS_SERVER };

/* ---- configuration ------------------------------------------------------------------------------ */

/** How stream numbers are counted: as tcp.stream does in Wireshark up to 4.2, or from 4.4 on. */
enum tcphs_stream_rule { TCPHS_STREAM_WS40, TCPHS_STREAM_WS44 };

struct tcphs_config {
	tcphs_time horizon;    /* an answer may still come before the capture ends */
	tcphs_time linger;     /* a closed connection absorbs late segments this long */
	tcphs_time forget;     /* analyzer only: drop a connection idle this long; 0 = never */
	uint32_t max_connections;   /* analyzer only: no more 4-tuples than that are remembered; 0 = all are */
	tcphs_time slow;       /* SYN to ACK longer than this is handshake_slow */
	/* Thresholds of rules. */
	tcphs_time copy_with_id;     /* how late a copy of a segment may be captured, if its IPv4 id is not 0 */
	tcphs_time copy_without_id;  /* ... if it is, or over IPv6 */
	tcphs_time silence; /* peer_lost_state: what comes after this tests the peer, and its RST comes as soon */
	/* time_wait_collision, reuse_isn_not_greater, syn_on_established: a SYN sooner after the former use. */
	tcphs_time time_wait;
	tcphs_time flood;            /* syn_many_isns, synack_many_isns: so many within this time */
	uint32_t many_isns;          /* ... and this many are not yet many */
	uint32_t resent;             /* data_unacknowledged: data sent again so often */
	uint16_t least_mss;          /* syn_mss_tiny: below this */
	uint8_t ttl_slack;           /* ttl_changed: a difference beyond this */
	uint8_t isn_tuples;          /* isn_repeated: this many 4-tuples with one ISN; at most 4 */
	uint8_t isn_samples;         /* isn_predictable: this many completed connections of a host; 4 to 32 */
	enum tcphs_stream_rule stream_rule;
	bool keep;             /* keep every connection (the plugin); else tcphs_tracker_next() drains them */
	bool zeek;             /* follow what makes tcphs_summary.conn_state and .history; else they tell nothing */
	uint64_t hash_key[2];  /* secret of the 4-tuple hash: captures are hostile input */
};

/** tcphs_config_default(): fills *config* with the defaults (3 s, 60 s, 0, 1 s, WS40, drain, fixed key). */
void tcphs_config_default(struct tcphs_config *config);

/* ---- segments ----------------------------------------------------------------------------------- */

/** Control bits, the low nine of header octets 13 and 14 (3.1; AE is RFC 9768's). */
enum {
	TCPHS_FIN = 0x001, TCPHS_SYN = 0x002, TCPHS_RST = 0x004, TCPHS_PSH = 0x008, TCPHS_ACK = 0x010,
	TCPHS_URG = 0x020, TCPHS_ECE = 0x040, TCPHS_CWR = 0x080, TCPHS_AE = 0x100,
	TCPHS_FLAGS = 0x1ff,
};

/** What of a segment is known: bits of tcphs_segment.have. */
enum {
	TCPHS_HAVE_SEQ = 1,       /* 8 octets captured: ports and sequence number */
	TCPHS_HAVE_HEADER = 2,    /* 16 octets captured: also ack, flags, window. Less than this is no segment. */
	TCPHS_HAVE_OPTIONS = 4,   /* the whole option list was captured (true if there is none) */
	TCPHS_HAVE_LENGTH = 8,    /* the payload's length is known (not a fragment, header length sane) */
	TCPHS_BAD_OFFSET = 16,    /* data offset below 5, or past the end of the segment */
};

/** A segment of which no rule can say anything by itself, as most are: bits of tcphs_segment.plain. */
enum {
	TCPHS_PLAIN = 1,          /* ACK and no SYN or RST, whole, a window, no option of handshakes */
	TCPHS_PLAIN_STAMPED = 2,  /* ... and timestamps */
};

/** Options met: bits of tcphs_options.seen, .malformed and .repeated. */
enum {
	TCPHS_OPT_MSS = 1, TCPHS_OPT_WSCALE = 2, TCPHS_OPT_SACK_OK = 4, TCPHS_OPT_SACK = 8, TCPHS_OPT_TIMESTAMPS = 16,
	TCPHS_OPT_MD5 = 32, TCPHS_OPT_AO = 64, TCPHS_OPT_MPTCP = 128, TCPHS_OPT_FAST_OPEN = 256,
	TCPHS_OPT_ACCECN = 512,      /* kinds 172 and 174, and 254 with 0xACCE */
	TCPHS_OPT_OTHER = 1024,
};

/** MPTCP subtypes that matter here (RFC 8684 3.1, 3.2). */
enum { TCPHS_MP_CAPABLE = 0, TCPHS_MP_JOIN = 1, TCPHS_MP_NONE = 255 };

struct tcphs_options {
	uint16_t seen;           /* TCPHS_OPT_* bits */
	uint16_t malformed;      /* those whose length is wrong for the kind; OTHER: the list itself is broken */
	uint16_t repeated;       /* those met twice in this segment, of kinds 2, 3, 4, 8 and 34 */
	uint16_t mss;            /* octets */
	uint8_t wscale;          /* shift count as sent, not clamped */
	uint8_t cookie_length;   /* Fast Open cookie, octets; 0 is a request (RFC 7413 4.1.1) */
	uint8_t mptcp_subtype;   /* TCPHS_MP_*; the first MPTCP option's */
	uint8_t mptcp_keys;      /* how many keys MP_CAPABLE carries: 0, 1 or 2 */
	uint32_t tsval, tsecr;
	uint32_t hash;           /* of the raw option octets captured: equal lists have equal hashes */
};

/** enum tcphs_checksum: what was found out about the TCP checksum; only BAD is ever reported. */
enum tcphs_checksum {
	TCPHS_CHECKSUM_UNKNOWN, TCPHS_CHECKSUM_GOOD, TCPHS_CHECKSUM_BAD, TCPHS_CHECKSUM_PARTIAL,
	TCPHS_CHECKSUM_BAD_IP,   /* that of the IPv4 header is wrong: Zeek does not look at the rest */
};

/**
 * struct tcphs_segment: facts read from one TCP segment, in host order, with no pointer into the packet.
 * tcphs_segment_parse() fills what the TCP header says; the caller then sets the first six members.
 */
struct tcphs_segment {
	tcphs_time time;
	tcphs_ref ref;
	uint16_t ip_id;      /* IPv4 identification; 0 for IPv6 */
	uint8_t ttl;         /* or hop limit */
	uint8_t checksum;    /* enum tcphs_checksum */
	uint8_t encap;       /* the caller's own number for the layers below; kept of a connection's first segment */
	uint8_t have;        /* TCPHS_HAVE_* bits */
	uint8_t plain;       /* TCPHS_PLAIN bits; 0 is always right, and slower */
	uint16_t flags;      /* TCPHS_FIN ... TCPHS_AE */
	uint32_t seq, ack;   /* ack as on the wire, whether or not the ACK flag is set */
	uint32_t length;     /* payload octets by the IP header, captured or not */
	uint32_t print;      /* a hash of what two copies of it have in common; 0 is not known: no copy */
	uint16_t window;     /* as on the wire, not scaled */
	uint16_t sport, dport;
	struct tcphs_options options;
};

/**
 * tcphs_segment_parse(): reads a TCP header.
 *
 * |tcp| points at |captured| octets of the segment, of the |length| that the IP header announces
 * (|captured| may be smaller: a snaplen). Pass |length| = 0 where it cannot be known. Everything in
 * *segment* is set, members that are not the header's to 0. Never fails: segment->have tells.
 */
void tcphs_segment_parse(struct tcphs_segment *segment, const uint8_t *tcp, size_t captured, size_t length);

/**
 * tcphs_segment_sum_up(): sets .plain and .print, which come of the other members. tcphs_segment_parse() has done it;
 * for those who set these members otherwise.
 */
void tcphs_segment_sum_up(struct tcphs_segment *segment);

/** struct tcphs_key: the addresses and ports of a segment, as sent; IPv4 as ::ffff:a.b.c.d. */
struct tcphs_key {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
};

/** How an IPv4 address begins in a key (RFC 4291 2.5.5.2); its own four octets come last. */
static const uint8_t tcphs_ipv4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/** tcphs_is_ipv4(): of an address of a key. */
static inline bool tcphs_is_ipv4(const uint8_t address[16])
{
	return memcmp(address, tcphs_ipv4_prefix, sizeof(tcphs_ipv4_prefix)) == 0;
}

/** tcphs_map_ipv4(): the address of a key, of four octets as in the packet. */
static inline void tcphs_map_ipv4(uint8_t address[16], const void *octets)
{
	memcpy(address, tcphs_ipv4_prefix, sizeof(tcphs_ipv4_prefix));
	memcpy(address + sizeof(tcphs_ipv4_prefix), octets, 4);
}

/** struct tcphs_quote: a TCP header quoted by an ICMP or ICMPv6 error, in the direction it was sent. */
struct tcphs_quote {
	struct tcphs_key key;
	struct tcphs_segment segment;   /* time and ref are the error's */
	uint8_t sender[16];             /* who sent the error */
	uint8_t type, code;
	bool icmpv6;
};

/* ---- what a segment meant ----------------------------------------------------------------------- */

/** The eleven states of 3.3.2; NONE is "cannot be inferred". */
enum tcphs_state {
	TCPHS_STATE_NONE, TCPHS_LISTEN, TCPHS_SYN_SENT, TCPHS_SYN_RECEIVED, TCPHS_ESTABLISHED, TCPHS_FIN_WAIT_1,
	TCPHS_FIN_WAIT_2, TCPHS_CLOSE_WAIT, TCPHS_CLOSING, TCPHS_LAST_ACK, TCPHS_TIME_WAIT, TCPHS_CLOSED,
	TCPHS_STATES
};

/** What a segment is to its connection's handshake and life. */
enum tcphs_phase {
	TCPHS_PHASE_NONE, TCPHS_PHASE_SYN, TCPHS_PHASE_SYN_AGAIN, TCPHS_PHASE_SYNACK, TCPHS_PHASE_SYNACK_AGAIN,
	TCPHS_PHASE_ACK, TCPHS_PHASE_DATA, TCPHS_PHASE_PURE_ACK, TCPHS_PHASE_KEEP_ALIVE, TCPHS_PHASE_FIN,
	TCPHS_PHASE_ACK_OF_FIN, TCPHS_PHASE_RST, TCPHS_PHASE_OUT_OF_PLACE,
	TCPHS_PHASES
};

/** Words of the above: "SYN-SENT", "syn_again"; "" for NONE. Titles are for people: "SYN again". */
const char *tcphs_state_word(enum tcphs_state state);
const char *tcphs_phase_word(enum tcphs_phase phase);
const char *tcphs_phase_title(enum tcphs_phase phase);

/** How an expected number comes about: bits of tcphs_mark.terms; what remains of the sum is data. */
enum {
	TCPHS_TERM_SEQ = 1,      /* seq_expected and seq_base are set */
	TCPHS_TERM_SEQ_SYN = 2,  /* seq_expected counts the sender's SYN */
	TCPHS_TERM_SEQ_FIN = 4,  /* ... and its FIN */
	TCPHS_TERM_ACK = 8,      /* ack_expected and ack_base are set */
	TCPHS_TERM_ACK_SYN = 16,
	TCPHS_TERM_ACK_FIN = 32,
	TCPHS_TERM_ISN = 64,     /* the segment's seq is its sender's initial sequence number */
	TCPHS_TERM_SYN_DATA = 128, /* the data among the terms of ack_expected travelled in the SYN */
};

#define TCPHS_NO_CONNECTION UINT32_MAX

/** struct tcphs_mark: all that showing one segment again needs, besides the segment and its connection. */
struct tcphs_mark {
	uint32_t connection;              /* number for tcphs_tracker_summary(), or TCPHS_NO_CONNECTION */
	uint32_t stream;                  /* the stream number of this segment */
	uint32_t seq_expected, seq_base;  /* base + SYN + data + FIN = expected; base is an ISN or the FIN's seq */
	uint32_t ack_expected, ack_base;
	uint8_t phase : 4;                /* enum tcphs_phase */
	uint8_t step : 2; /* 1, 2, 3, or 0; of a SYN-ACK sent with several ISNs, tcphs_judgement decides */
	uint8_t side : 1;                 /* enum tcphs_side of the sender */
	uint8_t late : 1;                 /* came after the connection's retirement: not judged */
	uint8_t event;                    /* enum tcphs_event: what classification made of it */
	uint8_t terms;                    /* TCPHS_TERM_* */
	uint8_t attempt;                  /* its sender's SYNs (or SYN-ACKs) with this one, 255 if more; 0 of a copy */
	uint8_t before[2], state[2];      /* enum tcphs_state of the first and the second side, before and after it */
};

/* ---- rules and findings ------------------------------------------------------------------------- */

enum tcphs_rule {
	TCPHS_RULE_NONE,
#define TCPHS_RULE(id, ID, severity, scope, breaks, title, reference, explanation) TCPHS_RULE_##ID,
#include "rules.def"
#undef TCPHS_RULE
	TCPHS_RULES
};

/** Wireshark's levels. */
enum tcphs_severity { TCPHS_CHAT, TCPHS_NOTE, TCPHS_WARN, TCPHS_ERROR };

/** Whether a finding is final at once (SEGMENT) or could be taken back by a later frame (CONNECTION). */
enum tcphs_scope { TCPHS_SCOPE_SEGMENT, TCPHS_SCOPE_CONNECTION };

/** What a finding can break: the reason of the malformed verdict that it explains, if the attempt fails. */
enum tcphs_breaks { TCPHS_BREAKS_NOTHING, TCPHS_BREAKS_ARITHMETIC, TCPHS_BREAKS_FLAGS, TCPHS_BREAKS_SEGMENT };

struct tcphs_rule_info {
	const char *id;           /* the word: "synack_bad_ack" */
	enum tcphs_severity severity;
	enum tcphs_scope scope;
	enum tcphs_breaks breaks;
	const char *title;        /* a few words */
	const char *reference;    /* RFC and section, or "" */
	const char *explanation;  /* sentences: what was seen, what it usually means, what to do next */
};

/** tcphs_rule_info(): the row of a rule, NULL for TCPHS_RULE_NONE and numbers out of range. */
const struct tcphs_rule_info *tcphs_rule_info(enum tcphs_rule rule);
/** tcphs_rule_group(): the heading over the rule in lists, such as "SYN-ACK". */
const char *tcphs_rule_group(enum tcphs_rule rule);
/**
 * tcphs_rule_lasts(): whether what is found by it with a certain verdict is still found at the end. A step captured
 * late takes back that it was missing, and is then itself the one that came late; of SYN-ACKs after the ACK it is the
 * last that is told.
 */
bool tcphs_rule_lasts(enum tcphs_rule rule);
/** tcphs_rule_find(): the rule of that id, or -1. */
int tcphs_rule_find(const char *word);
/** "chat", "note", "warn", "error". */
const char *tcphs_severity_word(enum tcphs_severity severity);

/** struct tcphs_finding: one rule raised. expected and actual mean what the rule's text says; see HAVE bits. */
struct tcphs_finding {
	uint16_t rule;      /* enum tcphs_rule */
	uint8_t numbers;    /* expected and actual are set and worth printing */
	uint8_t side;       /* enum tcphs_side of who is spoken of */
	tcphs_ref at;       /* the segment it is about */
	tcphs_ref related;  /* the segment it is held against, or 0 */
	uint32_t expected, actual;
};

/* ---- verdicts ----------------------------------------------------------------------------------- */

enum tcphs_verdict {
#define TCPHS_VERDICT(id, ID, severity, title) TCPHS_##ID,
#define TCPHS_REASON(id, ID, verdict, blame, title)
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
	TCPHS_VERDICTS
};

enum tcphs_reason {
#define TCPHS_VERDICT(id, ID, severity, title)
#define TCPHS_REASON(id, ID, verdict, blame, title) TCPHS_REASON_##ID,
#include "verdicts.def"
#undef TCPHS_VERDICT
#undef TCPHS_REASON
	TCPHS_REASONS
};

enum tcphs_blame {
	TCPHS_BLAME_NONE,
	TCPHS_BLAME_CLIENT,
	TCPHS_BLAME_SERVER,
	TCPHS_BLAME_PATH,
	TCPHS_BLAME_CAPTURE,
	TCPHS_BLAMES
};

/** How a connection ended: both FINs or a RST seen, one FIN only, or neither. */
enum tcphs_closed { TCPHS_CLOSED_OPEN, TCPHS_CLOSED_HALF, TCPHS_CLOSED_FIN, TCPHS_CLOSED_RST };

const char *tcphs_verdict_word(enum tcphs_verdict verdict);
const char *tcphs_verdict_title(enum tcphs_verdict verdict);
const char *tcphs_reason_word(enum tcphs_reason reason);
const char *tcphs_reason_title(enum tcphs_reason reason);
const char *tcphs_blame_word(enum tcphs_blame blame);
const char *tcphs_blame_title(enum tcphs_blame blame);
const char *tcphs_closed_word(enum tcphs_closed closed);
const char *tcphs_closed_title(enum tcphs_closed closed);
/** tcphs_reason_verdict(): the one verdict a reason belongs to. */
enum tcphs_verdict tcphs_reason_verdict(enum tcphs_reason reason);
/** tcphs_reason_blame(): who is usually to blame for it. */
enum tcphs_blame tcphs_reason_blame(enum tcphs_reason reason);
/** tcphs_reason_rule(): the rule whose finding says why, TCPHS_RULE_NONE where no single one does. */
enum tcphs_rule tcphs_reason_rule(enum tcphs_reason reason);
/** tcphs_verdict_severity(): how bad a verdict is. */
enum tcphs_severity tcphs_verdict_severity(enum tcphs_verdict verdict);
/** tcphs_verdict_find(), tcphs_reason_find(): by word, or -1. */
int tcphs_verdict_find(const char *word);
int tcphs_reason_find(const char *word);

/** Bits of completeness, those documented for tcp.completeness. */
enum {
	TCPHS_SAW_SYN = 1,
	TCPHS_SAW_SYNACK = 2,
	TCPHS_SAW_ACK = 4,
	TCPHS_SAW_DATA = 8,
	TCPHS_SAW_FIN = 16,
	TCPHS_SAW_RST = 32
};

struct tcphs_judgement {
	uint8_t verdict, reason, blame, closed;
	uint8_t client; /* enum tcphs_side: sender of the first SYN; else receiver of a SYN-ACK; else the first */
	uint8_t completeness;  /* TCPHS_SAW_* */
	bool certain;          /* no later frame can change it */
	bool client_certain;   /* ... or who is the client */
	bool opening_certain;  /* ... or what is known of the steps so far, of ISNs, round trips and what was agreed */
	tcphs_ref steps[3];    /* SYN, SYN-ACK, ACK; 0 where missing */
};

/** What a side offered in its SYN or SYN-ACK, or both agreed on. */
enum tcphs_ecn { TCPHS_ECN_NONE, TCPHS_ECN_CLASSIC, TCPHS_ECN_ACCURATE };
enum tcphs_auth { TCPHS_AUTH_NONE, TCPHS_AUTH_MD5, TCPHS_AUTH_AO };

struct tcphs_offer {
	bool present;          /* a SYN or SYN-ACK of that side was captured with all its options */
	bool has_mss, has_wscale, sack, timestamps, fast_open, mptcp;
	uint16_t mss;          /* what this side is willing to receive */
	uint8_t wscale;
	uint8_t cookie_length; /* octets, if fast_open */
	uint8_t ecn, auth;     /* enum tcphs_ecn, enum tcphs_auth */
};

/**
 * tcphs_segment_offer(): what a SYN or SYN-ACK offers by its options and flags; not present if it is neither, or was
 * not captured whole. The flags of a SYN-ACK answer those of the SYN: |asked| is what that one asked for.
 */
void tcphs_segment_offer(const struct tcphs_segment *segment, enum tcphs_ecn asked, struct tcphs_offer *offer);

/** "none", "classic", "accurate"; "none", "md5", "ao". */
const char *tcphs_ecn_word(enum tcphs_ecn ecn);
const char *tcphs_auth_word(enum tcphs_auth auth);

struct tcphs_agreement {
	bool present;                 /* both offers are known */
	bool has_wscale, sack, timestamps, fast_open, mptcp;
	uint16_t mss_to_client, mss_to_server;       /* defaults of 3.7.1 filled in */
	uint8_t wscale_to_client, wscale_to_server;  /* shift of the windows that each side announces */
	uint8_t ecn, auth;
};

/** struct tcphs_icmp: the latest ICMP error about the handshake. */
struct tcphs_icmp {
	bool present, icmpv6, of_synack;
	uint8_t type, code;
	uint8_t sender[16];    /* IPv4 mapped */
	tcphs_ref ref;
};

/** tcphs_icmp_words(): the error in words, such as "administratively prohibited". */
const char *tcphs_icmp_words(bool icmpv6, uint8_t type, uint8_t code);

/** How many times of SYNs (or of SYN-ACKs) are kept for the text. */
#define TCPHS_TRIES 8

/** struct tcphs_summary: everything there is to say of one connection. Indexed [role] unless said. */
struct tcphs_summary {
	uint32_t connection, stream, incarnation;
	struct tcphs_key key;            /* src is the client */
	uint8_t encap;
	tcphs_ref first, last;
	uint32_t frames, late;
	tcphs_time start;
	struct tcphs_judgement judgement;
	bool has_isn[2];
	uint32_t isn[2];
	uint32_t syn_count, synack_count;
	uint32_t tries, synack_tries;                /* how many of the times below are set */
	tcphs_time syn_time[TCPHS_TRIES], synack_time[TCPHS_TRIES];
	tcphs_time rtt_server, rtt_client, rtt_total;  /* TCPHS_TIME_NONE where not measured */
	struct tcphs_offer offer[2];
	struct tcphs_agreement agreed;
	struct tcphs_icmp icmp;
	const char *conn_state;          /* Zeek's word; "OTH" without tcphs_config.zeek */
	char history[64];                /* Zeek's letters */
	const struct tcphs_finding *findings;  /* by at, then rule; valid until the next call on the tracker */
	size_t finding_count;
};

/* ---- the tracker -------------------------------------------------------------------------------- */

struct tcphs_tracker;

/** tcphs_tracker_new(): TCPHS_OK or TCPHS_ERR_NOMEM (then *tracker* is NULL). */
int tcphs_tracker_new(struct tcphs_tracker **tracker, const struct tcphs_config *config);
void tcphs_tracker_del(struct tcphs_tracker *tracker);

/**
 * tcphs_tracker_frame(): time has come to |time|. To be called for every frame, TCP or not, before what
 * is in it; again for the same frame does no harm. Time never goes back: the newest counts.
 */
void tcphs_tracker_frame(struct tcphs_tracker *tracker, tcphs_time time);

/** struct tcphs_place: what a tracker has worked out of a key, which has to live as long. For that tracker only. */
struct tcphs_place {
	const struct tcphs_key *key;
	uint32_t hash;
	uint32_t seen;         /* what was found in round 0 */
	void *there;           /* ... and where that is */
	uint8_t direction;     /* 0 if the sender is the lower endpoint */
	bool ipv4;
};

/**
 * tcphs_tracker_place(), tcphs_tracker_prefetch(): segments with these keys come soon.
 *
 * For each of a batch first the one, then the other with |round| 0, then with 1: each round finds in the cache what the
 * one before has asked for. *place* is for tcphs_tracker_segment_at(); the rest is only a hint.
 */
void tcphs_tracker_place(const struct tcphs_tracker *tracker, const struct tcphs_key *key, struct tcphs_place *place);
void tcphs_tracker_prefetch(const struct tcphs_tracker *tracker, struct tcphs_place *place, unsigned round);

/**
 * tcphs_tracker_segment(): one segment. *mark* is set whatever is returned; mark->connection is
 * TCPHS_NO_CONNECTION where the segment is too short to be one (no TCPHS_HAVE_HEADER).
 *
 * |mark| may be NULL: a caller that does without it for all segments gets the same summaries for less memory and time;
 * only summary->connection then says nothing.
 *
 * @return TCPHS_OK, or TCPHS_ERR_NOMEM: the segment was not taken in, the tracker stays valid.
 */
int tcphs_tracker_segment(struct tcphs_tracker *tracker, const struct tcphs_key *key,
                          const struct tcphs_segment *segment, struct tcphs_mark *mark);

/** tcphs_tracker_segment_at(): the same for a key whose place was worked out. */
int tcphs_tracker_segment_at(struct tcphs_tracker *tracker, const struct tcphs_place *place,
                             const struct tcphs_segment *segment, struct tcphs_mark *mark);

/** tcphs_tracker_quote(): a TCP header quoted by ICMP; it may open a stream, never a connection. Otherwise as above. */
int tcphs_tracker_quote(struct tcphs_tracker *tracker, const struct tcphs_quote *quote, struct tcphs_mark *mark);

/** tcphs_tracker_next(): the next retired connection, in order of retirement; false if there is none now. */
bool tcphs_tracker_next(struct tcphs_tracker *tracker, struct tcphs_summary *summary);

/** tcphs_tracker_finish(): the capture ends here; retires what is left, by stream, then incarnation. */
void tcphs_tracker_finish(struct tcphs_tracker *tracker);

/** tcphs_tracker_evicted(): connections that retired before their time, for config.max_connections. */
uint64_t tcphs_tracker_evicted(const struct tcphs_tracker *tracker);

/** tcphs_tracker_end(): the newest time met; 0 before the first frame. */
tcphs_time tcphs_tracker_end(const struct tcphs_tracker *tracker);

/** tcphs_tracker_summary(): a connection as it stands if the capture ended at |end| (config->keep only). */
void tcphs_tracker_summary(struct tcphs_tracker *tracker, uint32_t connection, tcphs_time end,
                           struct tcphs_summary *summary);

/**
 * tcphs_tracker_certain(): of the same summary .judgement, .findings and .finding_count, and nothing else. If the
 * judgement is not certain, then of it only what is, client and steps, and of the findings none of scope CONNECTION
 * that the judgement would bring.
 */
void tcphs_tracker_certain(struct tcphs_tracker *tracker, uint32_t connection, tcphs_time end,
                           struct tcphs_summary *summary);

/* ---- ISN quality, per host ---------------------------------------------------------------------- */

/** What is wrong with a host's initial sequence numbers (3.4.1, RFC 6528): bits of tcphs_host.quality. */
enum {
	TCPHS_ISN_REPEATED = 1,       /* an ISN was used in several 4-tuples */
	TCPHS_ISN_SCANNER = 2,        /* ... and none of those connections was completed */
	TCPHS_ISN_CONSTANT_STEP = 4,  /* each ISN is the one before plus the same number, which may be 0 */
	TCPHS_ISN_CLOCK = 8,          /* they grow as time goes by, and by nothing else */
	TCPHS_ISN_MULTIPLES = 16,     /* their differences have a common divisor above 9 */
	TCPHS_ISN_BITS = 5,
};

/** tcphs_isn_word(): "repeated", "scanner", "constant_step", "clock", "multiples"; "" for anything but one bit. */
const char *tcphs_isn_word(unsigned bit);

/** How many hosts a table has room for; ISNs of others are not looked at. */
#define TCPHS_ISN_HOSTS 65536

/** What tcphs_host.isr and .sp are with too few samples to work them out. */
#define TCPHS_ISN_NOT_KNOWN UINT32_MAX

/**
 * struct tcphs_host: ISN quality of one address. Samples are the ISNs of its first completed connections, one a 4-tuple
 * and in order of time. gcd, isr and sp are what Nmap calls GCD, ISR and SP, of these samples in place of its probes.
 */
struct tcphs_host {
	uint8_t address[16];   /* IPv4 mapped */
	uint32_t samples;
	uint32_t gcd;          /* of the differences between samples; 0 if they are all equal */
	uint32_t step;         /* if pattern has CONSTANT_STEP */
	uint32_t rate;         /* numbers a second, if pattern has CLOCK */
	uint32_t isr;          /* 8 times the binary logarithm of how many numbers a second, from 2 samples on */
	uint32_t sp;           /* 8 times that of the rate's standard deviation, from 4 samples on */
	uint64_t repeated;     /* connections with an ISN that is proven to be repeated */
	uint32_t pattern;      /* TCPHS_ISN_CONSTANT_STEP, CLOCK, MULTIPLES: what these samples show */
	uint32_t quality;      /* that, and all that was proven on the way; 0: nothing can be said against the host */
};

struct tcphs_isn_table;

/** tcphs_isn_new(): an empty table, with the thresholds and the key in *config*; NULL without memory. */
struct tcphs_isn_table *tcphs_isn_new(const struct tcphs_config *config);
void tcphs_isn_del(struct tcphs_isn_table *table);

/**
 * tcphs_isn_merge(): adds another capture's hosts. In whatever order captures are merged, the outcome is the same, if
 * there is room for all hosts. Both tables need the same key of the 4-tuple hash, so that a 4-tuple counts once.
 *
 * @return TCPHS_OK, or TCPHS_ERR_NOMEM: some of them may be missing, the table stays valid.
 */
int tcphs_isn_merge(struct tcphs_isn_table *table, const struct tcphs_isn_table *other);

/** tcphs_isn_next(): the next host, by address, of which there is enough to be judged; false after the last one. */
bool tcphs_isn_next(struct tcphs_isn_table *table, struct tcphs_host *host);

/** tcphs_isn_full(): a host was met for which there was no room. */
bool tcphs_isn_full(const struct tcphs_isn_table *table);

/** tcphs_tracker_take_isns(): the hosts of this capture, for tcphs_isn_del(); after finish() only, and only once. */
struct tcphs_isn_table *tcphs_tracker_take_isns(struct tcphs_tracker *tracker);

/* ---- words for people --------------------------------------------------------------------------- */

/**
 * tcphs_finding_format(): a sentence for one finding of a connection, with its numbers and times, plain ASCII.
 * Writes at most |size| octets with the final NUL; returns the length it wanted.
 */
size_t tcphs_finding_format(char *buffer, size_t size, const struct tcphs_finding *finding,
                            const struct tcphs_summary *summary);

/** tcphs_interval_format(): "30.5 ms", below a second, or "1.024 s". As above. */
size_t tcphs_interval_format(char *buffer, size_t size, tcphs_time interval);

/** tcphs_tries_format(): when |count| tries were made, |known| of them at |times|: "0, 1.0, 3.0 s". As above. */
size_t tcphs_tries_format(char *buffer, size_t size, const tcphs_time *times, uint32_t known, uint32_t count);

/** tcphs_arithmetic_format(): "ack 4322 = 4321 + 1 (SYN)"; "" where there is nothing to compare. As above. */
size_t tcphs_arithmetic_format(char *buffer, size_t size, const struct tcphs_mark *mark,
                               const struct tcphs_segment *segment);

#ifdef __cplusplus
}
#endif

#endif
