/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection.h - one connection as the engine keeps it, and the steps that move it. Not for front ends.
 *
 * The observer stands somewhere between two endpoints and sees loss, copies and reordering. So a segment
 * goes through four steps, each in a file of its own:
 *
 *   classify.c    arithmetic: (connection, segment) -> exactly one event
 *   transition.c  the opening table [stage][role][event] and the closing table [state][event]
 *   connection.c  applies a cell: keeps facts, moves the stage and the states, raises the cell's rule
 *   judge.c       reads facts and the capture's end: verdict, reason, blame, and findings that need them
 *
 * Facts are kept by side (who was captured first), never by role: the role of a side can still change
 * when the first SYN is captured late.
 */
#ifndef TCPHS_CONNECTION_H
#define TCPHS_CONNECTION_H

#include "tcphs.h"
#include "zeek.h"

/** How far the opening of a connection has come, as captured. */
enum tcphs_stage {
	TCPHS_STAGE_NONE,
	TCPHS_STAGE_NEW,             /* nothing captured yet */
	TCPHS_STAGE_PROBE,           /* only segments that can open nothing (NULL, XMAS, bare FIN ...) */
	TCPHS_STAGE_SYN,             /* client's SYN; nothing acceptable from the server */
	TCPHS_STAGE_CROSSED,         /* both sent SYN, neither's is acknowledged */
	TCPHS_STAGE_CROSSED_CLIENT,  /* both sent SYN, the client acknowledged the server's */
	TCPHS_STAGE_CROSSED_SERVER,  /* both sent SYN, the server acknowledged the client's */
	TCPHS_STAGE_SYNACK,          /* an acceptable SYN-ACK; the client has not acknowledged it */
	TCPHS_STAGE_UNSEEN,          /* the client went on after its SYN; nothing of the server was captured */
	TCPHS_STAGE_MIDSTREAM,       /* the capture began later than the handshake */
	TCPHS_STAGE_OPEN,            /* both ESTABLISHED or later */
	TCPHS_STAGE_ENDED,           /* a RST ended the attempt */
	TCPHS_STAGES
};

/** What a segment is to the opening. classify.c has the arithmetic, transition.c the consequences. */
enum tcphs_event {
	TCPHS_EV_DUPLICATE,      /* a copy that the capture made, not the sender */
	TCPHS_EV_NOISE,          /* nothing that could move a handshake */
	TCPHS_EV_SYN,            /* the side's first SYN */
	TCPHS_EV_SYN_AGAIN,      /* same ISN */
	TCPHS_EV_SYNACK,         /* acceptable ack, the side's first */
	TCPHS_EV_SYNACK_AGAIN,   /* same ISN, same ack */
	TCPHS_EV_SYNACK_NEW_ISN, /* acceptable ack, another ISN */
	TCPHS_EV_SYNACK_NEW_ACK, /* same ISN, another acceptable ack */
	TCPHS_EV_SYNACK_BAD_ACK, /* ack acknowledges no SYN; or the SYN's sender sends it and no peer's SYN is known */
	TCPHS_EV_ACK,            /* acceptable: acknowledges the peer's SYN, or belongs to the open connection */
	TCPHS_EV_ACK_AHEAD,      /* acknowledges more than the peer was captured sending */
	TCPHS_EV_ACK_BAD_ACK,
	TCPHS_EV_ACK_BAD_SEQ,
	TCPHS_EV_MOVED_ON,   /* the server answers a SYN with data or FIN: its SYN-ACK was not captured */
	TCPHS_EV_CHALLENGE,  /* an ACK that belongs to an older connection (RFC 5961 4.2, 3.5.1) */
	TCPHS_EV_RST,        /* its receiver must take it */
	TCPHS_EV_RST_AHEAD,  /* the same, and its numbers show that the handshake was over: it was not captured */
	TCPHS_EV_RST_BAD,    /* unacceptable ack or sequence number: its receiver ignores it */
	TCPHS_EV_RST_NO_ACK, /* no ACK flag where 3.10.7.3 demands one: ignored */
	TCPHS_EV_RST_ECHO,   /* the RST that 3.10.7.3 demands for an unacceptable ack: its sender stays in SYN-SENT */
	TCPHS_EVENTS,
	TCPHS_EV_ANOTHER = TCPHS_EVENTS, /* not of this connection: it opens another one (tracker.c) */
	TCPHS_EV_UNREADABLE,             /* fewer than 16 octets captured */
};

/** Events of the closing table, told to an endpoint. */
enum tcphs_close_event {
	TCPHS_CLOSE_OWN_FIN,        /* it sends FIN, having acknowledged any FIN of the peer's */
	TCPHS_CLOSE_OWN_FIN_CROSSING, /* it sends FIN without acknowledging the peer's FIN that was captured before */
	TCPHS_CLOSE_PEER_FIN,       /* the peer's FIN arrives */
	TCPHS_CLOSE_FIN_ACKED,      /* the peer acknowledges its FIN */
	TCPHS_CLOSE_RST,            /* it sends or gets RST */
	TCPHS_CLOSE_GO_ON,          /* the RST was not taken: its sender goes on */
	TCPHS_CLOSE_EVENTS
};

/** One cell of the opening table. */
struct tcphs_cell {
	uint8_t stage;   /* next stage; NONE marks an unset cell, TCPHS_STAGES an impossible one */
	uint8_t client, server;  /* next states; STATE_NONE keeps them */
	uint16_t rule;   /* raised, or RULE_NONE */
};

const struct tcphs_cell *tcphs_transition(enum tcphs_stage stage, enum tcphs_role role, enum tcphs_event event);
static inline bool tcphs_cell_possible(const struct tcphs_cell *cell)
{
	return cell->stage != TCPHS_STAGES;
}
/** tcphs_closing(): the next state, or TCPHS_STATE_NONE where the event cannot come in that state. */
enum tcphs_state tcphs_closing(enum tcphs_state state, enum tcphs_close_event event);
const char *tcphs_stage_word(enum tcphs_stage stage);
const char *tcphs_event_word(enum tcphs_event event);
const char *tcphs_close_event_word(enum tcphs_close_event event);

/** What a side was captured doing: bits of tcphs_endpoint.did. */
enum {
	TCPHS_DID_ANYTHING = 1, TCPHS_DID_SYN = 2, TCPHS_DID_SYNACK = 4, TCPHS_DID_FIN = 8, TCPHS_DID_RST = 16,
	TCPHS_DID_ACK = 32,        /* any ACK-flagged segment without RST */
	TCPHS_DID_ISN = 64,        /* isn is known, from its SYN or SYN-ACK, or inferred from the other numbers */
	TCPHS_DID_ACK_KNOWN = 128, /* ack is set */
	TCPHS_DID_MOVE_ON = 256,   /* the server sent something other than SYN-ACK and RST after its SYN-ACK */
	TCPHS_DID_OPTIONS = 512,   /* options hold its SYN's or SYN-ACK's */
	TCPHS_DID_SEND = 1024,     /* nxt is set */
	TCPHS_DID_FIN_ACKED = 2048,  /* the peer acknowledged its FIN */
	TCPHS_DID_FLAWED_SYN = 4096, /* its SYN had FIN or RST set too */
	TCPHS_DID_GO_ON = 8192,      /* it sent something other than RST after the handshake */
	TCPHS_DID_DROP_TIMESTAMPS = 16384,
};

/** Enough of three segments to recognise copies of them: its sender's first one, and the latest two in turn. */
struct tcphs_prints {
	tcphs_time time[3];
	uint32_t hash[3];    /* tcphs_segment.print; 0 is unset */
	uint16_t ip_id[3];
	uint8_t next;        /* which is replaced by the next one */
};

/** What is kept of each side. Sequence numbers are its own unless said. What most segments touch is first: a cache
 * line. */
struct tcphs_endpoint {
	struct tcphs_prints prints;
	uint32_t nxt;        /* one past the highest number it was captured sending */
	uint32_t ack;        /* the peer's number that it acknowledged last */
	uint32_t tsval;      /* its latest */
	uint16_t did;        /* TCPHS_DID_* */
	uint8_t ttl;         /* of its first segment but RST; 0 is none */
	uint8_t state;       /* enum tcphs_state */
	uint32_t isn;
	uint32_t fin;        /* sequence number of its FIN */
	uint32_t syn_data;   /* octets of data in its SYN or SYN-ACK */
	uint32_t syn_count, synack_count;
	tcphs_ref syn;       /* its first SYN */
	tcphs_time syn_last, synack_first, synack_last;
	struct tcphs_options options;  /* its SYN's, else its SYN-ACK's */
	uint16_t flags;      /* control bits of that segment */
	uint16_t offered;    /* TCPHS_OPT_* of all its SYNs */
	uint32_t resent;     /* data segments sent again since the handshake */
	tcphs_ref resent_first;
	uint32_t syn_try[TCPHS_TRIES], syn_tsval[TCPHS_TRIES];  /* microseconds since the connection's start */
	uint32_t synack_try[TCPHS_TRIES];
	uint32_t unused[2];  /* whole cache lines */
};

/** A server ISN: the tries of its SYN-ACK that were captured. */
struct tcphs_server_isn {
	uint32_t isn, ack;
	tcphs_ref ref;
};
#define TCPHS_SERVER_ISNS 6

/** Rules that are raised once a connection: bits of tcphs_connection.told. */
enum {
	TCPHS_TOLD_CHECKSUM = 1, TCPHS_TOLD_TTL = 2, TCPHS_TOLD_MANY = 4, TCPHS_TOLD_CHALLENGE = 8,
	TCPHS_TOLD_CLOSED_BY_FIN = 16,
};

/** A segment's number that is wrong unless the capture missed something. */
struct tcphs_held {
	tcphs_ref ref;       /* 0 is none */
	uint16_t rule;       /* ACK_BAD_ACK or ACK_BAD_SEQ */
	uint8_t side;
	uint32_t expected, actual, ack;
};

/** Facts about the connection: bits of tcphs_connection.facts. */
enum {
	TCPHS_FACT_ACKED = 1 << 0, /* the client acknowledged the server's SYN: three steps are proven */
	TCPHS_FACT_CLIENT_WENT_ON =
		1 << 1,                 /* the client acknowledged something while nothing of the server was captured */
	TCPHS_FACT_CHALLENGED = 1 << 2, /* the SYN got an ACK that acknowledges nothing of it */
	TCPHS_FACT_BAD_SYNACK = 1 << 3,
	TCPHS_FACT_BAD_RST = 1 << 4,
	TCPHS_FACT_RST_NO_ACK = 1 << 5,
	TCPHS_FACT_BAD_ACK = 1 << 6, /* the client answered a good SYN-ACK with a wrong ACK */
	TCPHS_FACT_REFUTED = 1 << 7, /* a held ACK was proven wrong */
	TCPHS_FACT_CUT = 1 << 8,     /* a segment of it was too short to be read */
	TCPHS_FACT_LOST_STATE =
		1 << 9,                /* after a handshake a side has forgotten it: judge's peer_lost_state (b), (c) */
	TCPHS_FACT_REPLACED = 1 << 10, /* a newer SYN took its 4-tuple */
	TCPHS_FACT_SUCCESSOR_OPEN = 1 << 11,   /* ... and opened */
	TCPHS_FACT_TUPLE_USED = 1 << 12,       /* the 4-tuple had a connection before */
	TCPHS_FACT_TUPLE_UNANSWERED = 1 << 13, /* ... which was a SYN without any answer */
	TCPHS_FACT_MIDSTREAM = 1 << 14,        /* its first segment was of the middle of a connection */
	TCPHS_FACT_CROSSED = 1 << 15,          /* both sent SYN before either's was acknowledged */
	TCPHS_FACT_SPLIT = 1 << 16,            /* ... and the second one never sent a SYN-ACK */
	TCPHS_FACT_DATA_TAKEN = 1 << 17,       /* the server acknowledged data of the SYN */
	TCPHS_FACT_CLIENT_ABORTED = 1 << 18,
	TCPHS_FACT_SERVER_ABORTED = 1 << 19,
	TCPHS_FACT_REFUSED = 1 << 20,
	TCPHS_FACT_RESET = 1 << 21,             /* a RST ended the open connection */
	TCPHS_FACT_REPLACEMENT_ACKED = 1 << 22, /* the newer SYN was answered for this connection (RFC 5961 4.2) */
	TCPHS_FACT_BUSY = 1 << 23,              /* something beyond SYN, SYN-ACK, ACK and a bare RST was captured */
	TCPHS_FACT_SYN_ACKED =
		1 << 24, /* the server acknowledged the SYN by a pure ACK: a split handshake may follow */
	TCPHS_FACT_RST_IGNORED = 1 << 25, /* traffic went on after the RST in 'odd_rst' */
	TCPHS_FACT_ICMP = 1 << 26,        /* an ICMP error quoted its SYN or SYN-ACK */
	TCPHS_FACT_ICMP_FROM_SERVER = 1 << 27,
	TCPHS_FACT_TUPLE_OPEN = 1 << 28, /* the 4-tuple's former connection was open, and in use a minute ago */
	TCPHS_FACT_TUPLE_FIN = 1 << 29,  /* ... was closed by FIN, the receiver of this SYN first, not a minute ago */
	TCPHS_FACT_HELD_CONFIRMED = 1u << 31, /* what a held segment went on from was there, but not captured */
	TCPHS_FACT_TUPLE_GREATER = 1 << 30,   /* ... and had numbers at or above this SYN's, and no older timestamps */
};

/**
 * struct tcphs_connection: plain data; tcphs_connection_begin() makes one of which nothing was captured.
 *
 * Invariants: frames = 0 exactly in stage NEW; isns counts the valid entries of isn[]; closed_at is not
 * TCPHS_TIME_NONE exactly if tcphs_connection_closed().
 *
 * What most segments touch is first, so that it is in few cache lines, and what hardly any connection needs is last.
 */
struct tcphs_connection {
	uint8_t stage;
	uint8_t completeness;
	uint8_t quick[2];           /* of each side, which TCPHS_PLAIN tcphs_connection_goes_on() may take */
	uint8_t waits[2];           /* ... and which TCPHS_ZEEK kinds zeek learns of later: catch_up() */
	int8_t syn_side, synack_side;   /* enum tcphs_side of the first SYN's and SYN-ACK's sender, or -1 */
	uint32_t facts;
	uint32_t frames, late;
	tcphs_ref first, last_ref;
	tcphs_ref step[3];
	tcphs_time last;
	tcphs_time answerable;      /* 3.5.1: time of the segment in 'probe' */
	uint32_t probe_ack; /* ack of a segment sent after silence, or again; a bare RST that has it as seq ... */
	uint8_t probe_side;
	int8_t first_fin;           /* side that closed first, or -1 */
	uint8_t isns;
	uint8_t acked;              /* index into isn[] of the server ISN that was acknowledged */
	tcphs_time closed_at;
	tcphs_ref odd_rst;          /* a RST that its receiver should have ignored */
	uint8_t told;               /* TCPHS_TOLD_* */
	uint8_t odd_side;
	uint8_t flaw;               /* enum tcphs_breaks: what is wrong with the segment that began it */
	uint8_t encap;
	struct tcphs_endpoint side[2];
	tcphs_time start;
	tcphs_time attempt;         /* first SYN of the latest attempt */
	tcphs_time rtt_server, rtt_client, rtt_total;
	struct tcphs_held held;
	tcphs_ref early;            /* the first ACK captured, if it came before all else and the first side sent it */
	struct tcphs_server_isn isn[TCPHS_SERVER_ISNS];
	uint32_t early_seq, early_ack;  /* numbers of 'early' */
	tcphs_time ended;           /* when the latest attempt ended */
	tcphs_time replaced_at;     /* when a newer SYN took its 4-tuple */
	uint32_t tuple_isns; /* SYNs with different numbers on the 4-tuple lately, with this one */
	uint32_t older_isn; /* the number that the 4-tuple's former connection had for this one's first sender */
	uint32_t data_acked;        /* ack that took data of the SYN */
	uint32_t bad_ack;           /* the client's latest wrong ack: the server's RST must have it as seq */
	uint32_t echo; /* ack of the latest unacceptable answer to the SYN: the client's RST must have it as seq */
	tcphs_ref crossing;         /* the SYN that crossed */
	tcphs_ref unseen;           /* the segment that shows that one before it was not captured */
	tcphs_ref synack_late;      /* a SYN-ACK captured again after the ACK */
	tcphs_ref lost;             /* the segment that showed, or would show, the lost state */
	uint32_t synacks_after_ack;
	uint32_t odd_expected, odd_actual;
	struct tcphs_icmp icmp;
	uint8_t bad_side;           /* who broke the protocol */
	uint8_t lost_side;          /* who has forgotten the connection */
	uint8_t replaced_by;        /* side that sent the newer SYN */
	struct tcphs_zeek zeek;     /* the last one: without tcphs_config.zeek there is no memory for it */
};

/** Most findings that one segment, or one judgement, can yield. */
#define TCPHS_FINDINGS_MAX 24

/** tcphs_connection_begin(): nothing captured yet; |c| is all 0. */
void tcphs_connection_begin(struct tcphs_connection *c);

/** tcphs_connection_client(): which side is the client, as far as is known. */
enum tcphs_side tcphs_connection_client(const struct tcphs_connection *c);

/** tcphs_connection_open(): both endpoints were seen to have reached ESTABLISHED. */
static inline bool tcphs_connection_open(const struct tcphs_connection *c)
{
	return c->stage == TCPHS_STAGE_OPEN;
}

/** tcphs_connection_closing(): a FIN was captured, of either side. */
static inline bool tcphs_connection_closing(const struct tcphs_connection *c)
{
	return (c->side[0].did | c->side[1].did) & TCPHS_DID_FIN;
}

/** tcphs_connection_closed(): RST, or both FINs, or the attempt was ended. */
bool tcphs_connection_closed(const struct tcphs_connection *c);

/** tcphs_classify(): the one event that |segment|, sent by |side|, is to the connection. */
enum tcphs_event tcphs_classify(const struct tcphs_connection *c, const struct tcphs_config *config,
                                enum tcphs_side side, const struct tcphs_segment *segment);

/**
 * tcphs_connection_update(): takes one segment in, already classified as |event| (not ANOTHER or UNREADABLE).
 *
 * *mark* gets phase, step, states and the expected numbers; NULL if nobody wants them. |out| has room for
 * TCPHS_FINDINGS_MAX.
 * @return the number of findings written, all of scope SEGMENT.
 */
size_t tcphs_connection_update(struct tcphs_connection *c, const struct tcphs_config *config, enum tcphs_side side,
                               const struct tcphs_segment *segment, enum tcphs_event event, struct tcphs_mark *mark,
                               struct tcphs_finding *out);

/**
 * tcphs_connection_goes_on(): takes in a segment of an open connection that is the next in order and about which no
 * rule has anything to say, as classification and update would, but at once. If it is not that, nothing is changed.
 * @return whether it is.
 */
bool tcphs_connection_goes_on(struct tcphs_connection *c, const struct tcphs_config *config, enum tcphs_side side,
                              const struct tcphs_segment *segment);

/** tcphs_connection_goes_on_marked(): the same, and *mark* gets what update() gives it. */
bool tcphs_connection_goes_on_marked(struct tcphs_connection *c, const struct tcphs_config *config,
                                     enum tcphs_side side, const struct tcphs_segment *segment,
                                     struct tcphs_mark *mark);

/** tcphs_connection_zeek(): what Zeek makes of it, up to now; with tcphs_config.zeek only. */
const struct tcphs_zeek *tcphs_connection_zeek(struct tcphs_connection *c);

/** tcphs_connection_splits(): |side|'s first SYN would go on with the handshake, whatever it had for numbers before. */
bool tcphs_connection_splits(const struct tcphs_connection *c, enum tcphs_side side);

/** tcphs_connection_cut(): a segment of it was too short to be read. */
void tcphs_connection_cut(struct tcphs_connection *c);

/** tcphs_connection_replaced(): a SYN with another ISN, sent by |side|, opens a newer connection on the 4-tuple. */
void tcphs_connection_replaced(struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *segment);

/** tcphs_connection_challenged(): its SYN got an ACK of |ack| that is about an older connection; |at| shows it. */
void tcphs_connection_challenged(struct tcphs_connection *c, uint32_t ack, tcphs_ref at);

/** tcphs_connection_answers(): in stage SYN, |segment| goes on from or acknowledges just that SYN. */
bool tcphs_connection_answers(const struct tcphs_connection *c, enum tcphs_side side,
                              const struct tcphs_segment *segment);

/** tcphs_connection_fits(): the numbers of |segment| are near where this connection's are (no SYN). */
bool tcphs_connection_fits(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *segment);

/** tcphs_connection_decided(): the judgement is certain. */
bool tcphs_connection_decided(const struct tcphs_connection *c, const struct tcphs_config *config);

/**
 * tcphs_connection_judge(): what the connection came to if the capture ended at |end|. Pure.
 * @return the number of findings written to |out|, all of scope CONNECTION.
 */
size_t tcphs_connection_judge(const struct tcphs_connection *c, const struct tcphs_config *config, tcphs_time end,
                              struct tcphs_judgement *judgement, struct tcphs_finding *out);

/**
 * tcphs_connection_undecided(): that the judgement is not certain, found out quickly; false says nothing. Then
 * *judgement* has what can be certain without the verdict: the client and the steps.
 */
bool tcphs_connection_undecided(const struct tcphs_connection *c, struct tcphs_judgement *judgement);

/** tcphs_connection_agree(): offers of both roles and what follows from them; |ipv6| sets the default MSS. */
void tcphs_connection_agree(const struct tcphs_connection *c, bool ipv6, struct tcphs_offer offer[2],
                            struct tcphs_agreement *agreed);

/** tcphs_checks(): raises the rules that need nothing but the segment and its addresses. @return how many. */
size_t tcphs_checks(const struct tcphs_config *config, const struct tcphs_key *key, const struct tcphs_segment *segment,
                    enum tcphs_side side, struct tcphs_finding *out);

/** tcphs_checks_all(): the same, every predicate asked. */
size_t tcphs_checks_all(const struct tcphs_config *config, const struct tcphs_key *key,
                        const struct tcphs_segment *segment, enum tcphs_side side, struct tcphs_finding *out);

/** tcphs_checks_pass(): that there are none, found out quickly; false says nothing. What is TCPHS_PLAIN passes. */
bool tcphs_checks_pass(const struct tcphs_config *config, const struct tcphs_key *key,
                       const struct tcphs_segment *segment);

/** tcphs_connection_quoted(): an ICMP error quotes a segment that |side| sent. @return how many findings. */
size_t tcphs_connection_quoted(struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_quote *quote,
                               struct tcphs_finding *out);

/** tcphs_connection_succeeds(): |older| had the 4-tuple before; its |side| now sends the SYN |segment| of this one. */
void tcphs_connection_succeeds(struct tcphs_connection *c, const struct tcphs_config *config,
                               const struct tcphs_connection *older, enum tcphs_side side,
                               const struct tcphs_segment *segment);

/** tcphs_raise(): appends a finding to out[*count]. */
void tcphs_raise(struct tcphs_finding *out, size_t *count, enum tcphs_rule rule, enum tcphs_side side, tcphs_ref at,
                 tcphs_ref related);

#endif
