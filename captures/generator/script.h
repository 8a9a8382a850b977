/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script.h - capture scripts: readable traffic with what is expected of it beside each segment.
 *
 * A script is read into a list of items (segments, ICMP errors, frames that are not TCP) and a list of expected
 * connections. Item n becomes frame n + 1 of the capture. packets.h turns items into bytes; script_apply() rewrites
 * the items so that the same story is told in other circumstances. The language is described in captures/README.md.
 */
#ifndef TCPHS_SCRIPT_H
#define TCPHS_SCRIPT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The time of 0.000 in every script, in nanoseconds since the epoch: 2023-11-14 22:13:20 UTC. */
#define SCRIPT_EPOCH INT64_C(1700000000000000000)
#define SCRIPT_SECOND INT64_C(1000000000)

/** The longest option list that the data offset field can describe, octets. */
#define SCRIPT_OPTIONS_MAX 40

/** Errors are in this domain; the message is "file:line: what". */
#define SCRIPT_ERROR (script_error_quark())
GQuark script_error_quark(void);
enum script_error { SCRIPT_ERROR_FILE, SCRIPT_ERROR_SYNTAX, SCRIPT_ERROR_VARIANT, SCRIPT_ERROR_OUTPUT };

/** Control bits as in the TCP header, the low nine bits of octets 13 and 14. */
enum {
	SCRIPT_FIN = 0x001, SCRIPT_SYN = 0x002, SCRIPT_RST = 0x004, SCRIPT_PSH = 0x008, SCRIPT_ACK = 0x010,
	SCRIPT_URG = 0x020, SCRIPT_ECE = 0x040, SCRIPT_CWR = 0x080, SCRIPT_AE = 0x100,
};

/** The circumstances that a script can be replayed in. */
enum script_variant {
	SCRIPT_BASE,         /* as written */
	SCRIPT_SHIFTED,      /* ISNs moved to the end of the sequence space */
	SCRIPT_IPV6,         /* over IPv6 */
	SCRIPT_VLAN,         /* with an 802.1Q tag */
	SCRIPT_INTERLEAVED,  /* another connection's frames between the script's */
	SCRIPT_VARIANTS
};

/** struct script_endpoint: an address and a port; IPv4 as ::ffff:a.b.c.d. */
struct script_endpoint {
	char *name;
	uint8_t address[16];
	bool ipv6;
	bool used;          /* an item names it: no more to be declared */
	uint16_t port;
	uint16_t next_id;   /* IPv4 identification of its next packet */
};

enum script_kind { SCRIPT_SEGMENT, SCRIPT_END, SCRIPT_ICMP };

/** The expectation that a segment is none of the three steps. */
#define SCRIPT_NO_STEP (-1)

/** struct script_item: one frame of the capture, and what is expected of it. */
struct script_item {
	enum script_kind kind;
	unsigned line;          /* of the script; 0 where extra */
	bool extra;             /* put in by the interleaved variant */
	int64_t time;           /* nanoseconds since the epoch */
	struct script_endpoint *from, *to;  /* NULL for SCRIPT_END */
	int ttl;
	int id;                 /* IPv4 identification, or -1: the sender's next */
	unsigned via;           /* link on which the frame was captured, 0 being the endpoints' own */

	/* SCRIPT_SEGMENT */
	uint16_t flags, window;
	uint32_t seq, ack, length;
	GByteArray *options;    /* as on the wire, before padding */
	int snap;               /* octets of TCP header and data that were captured, or -1: all */
	int offset;             /* data offset to write, in words, or -1: the right one */
	bool badsum;

	/* SCRIPT_ICMP */
	uint8_t type, code;
	struct script_item *quoted;
	unsigned quoted_octets; /* of the quoted TCP header */

	/* expectations */
	GPtrArray *findings;    /* rule ids */
	char *states[2];        /* client's and server's, or NULL: not asserted */
	char *phase;            /* or NULL: not asserted */
	int step;               /* 1, 2, 3, SCRIPT_NO_STEP, or 0: not asserted */
};

/** struct script_connection: what is expected of one connection; NULL words are not asserted. */
struct script_connection {
	unsigned line;
	char *verdict, *reason, *blame, *closed;
	bool has_steps;
	unsigned step_frames[3];              /* as written, 0 where missing */
	const struct script_item *steps[3];   /* NULL where missing */
};

struct script_config {
	char *key, *value;
};

/** struct script_says: a finding of that rule is expected to have |text| in its sentence. */
struct script_says {
	unsigned line;
	char *rule, *text;
};

struct script {
	char *path;
	char *intent;              /* first comment */
	GPtrArray *endpoints;      /* struct script_endpoint */
	GPtrArray *items;          /* struct script_item */
	GPtrArray *connections;    /* struct script_connection, by stream, then incarnation */
	GPtrArray *config;         /* struct script_config */
	GPtrArray *says;           /* struct script_says */
	bool allowed[SCRIPT_VARIANTS];
	char *why;                 /* why some variants are not allowed */
	enum script_variant variant;
	bool nanoseconds;          /* a time has more than six decimals */
	GStringChunk *words;       /* the parser's */
};

/** script_read(): parses a file. NULL and *error* where it cannot be read or understood. */
struct script *script_read(const char *path, GError **error);
/** script_parse(): the same of |text|; |path| is for messages. */
struct script *script_parse(const char *path, const char *text, GError **error);
void script_free(struct script *script);

/** script_frame(): the number of an item's frame, from 1; 0 for NULL. */
unsigned script_frame(const struct script *script, const struct script_item *item);

/** script_find(): the *.tcphs files below |folder|, relative to it and sorted; NULL and *error* on failure. */
GPtrArray *script_find(const char *folder, GError **error);

/** script_variant_word(), script_variant_find(): "base", "shifted", ...; -1 if there is none of that name. */
const char *script_variant_word(enum script_variant variant);
int script_variant_find(const char *word);

/**
 * script_apply(): rewrites a script just read for a variant. Fails if the script does not allow that variant or
 * it cannot be made of this script; the script is then to be freed.
 */
bool script_apply(struct script *script, enum script_variant variant, GError **error);

/** script_options(): TCP options as text ("mss 1460,sackOK") to octets, appended to |octets|. NULL or what is wrong. */
char *script_options(const char *text, GByteArray *octets);

/** script_expectations(): the script's expectations as one line of JSON; |name| is what to call the script. */
void script_expectations(const struct script *script, const char *name, GString *line);
/** script_json_string(): |text| as a JSON string, quotes included, or null. */
void script_json_string(GString *line, const char *text);

/** script_address(): an endpoint's address as inet_ntop writes it; to be freed. */
char *script_address(const struct script_endpoint *endpoint);

/* what script.c makes its lists of, for variants.c and packets.c */
struct script_item *script_item_new(enum script_kind kind);
/** script_endpoint_new(): NULL where |address| is none. */
struct script_endpoint *script_endpoint_new(const char *name, const char *address, uint16_t port);
void script_endpoint_del(struct script_endpoint *endpoint);

#endif
