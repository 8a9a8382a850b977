/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zeek.h - Zeek's conn_state and history for one connection of ours. See zeek.c for the model.
 */
#ifndef TCPHS_ZEEK_H
#define TCPHS_ZEEK_H

#include "tcphs.h"

/** Letters kept of a history; what comes after is not recorded. */
#define TCPHS_ZEEK_LETTERS 63

/** Pieces of data kept beyond a hole, for each endpoint; with more, the endpoint gets no gap letters any more. */
#define TCPHS_ZEEK_BLOCKS 4

/** Kinds of segments that most are: what tcphs_zeek_waits() says. */
enum {
	TCPHS_ZEEK_DATA = 1 << 3,
	TCPHS_ZEEK_ACK = 1 << 4,       /* nothing but an acknowledgment */
};

/** Data kept without having been acknowledged; more than this ends the reassembly. */
#define TCPHS_ZEEK_UNACKED (UINT32_C(10) << 20)

/** struct tcphs_zeek_block: relative sequence numbers [begin, end), modulo 2^32. */
struct tcphs_zeek_block {
	uint32_t begin, end;
};

/** struct tcphs_zeek_endpoint: what is remembered of one side. Private to zeek.c. */
struct tcphs_zeek_endpoint {
	uint32_t start;                /* the number that counts as 0: the ISN, or one before the first octet seen */
	uint32_t last;                 /* next sequence number after all that was sent */
	uint32_t acked;                /* highest acknowledgment number of the peer */
	uint32_t fin;                  /* relative number after the FIN; only if marked so */
	uint32_t syn_at, fin_at, rst_at; /* where the SYN, FIN, RST of the last letter was, relative */
	uint32_t count[4];             /* occurrences of C, T, W, G */
	struct tcphs_zeek_block block[TCPHS_ZEEK_BLOCKS]; /* ascending, apart, beyond what was delivered */
	uint16_t seq_wraps, ack_wraps; /* how often |last| and |acked| passed 2^32 */
	uint8_t state, before;         /* now, and the state left last */
	uint8_t marks;
	uint8_t blocks;                /* how many of block[] are in use */
};

/**
 * struct tcphs_zeek: one connection. All zero is the state before the first segment. No pointers: it may be
 * copied and compared as bytes. Private to zeek.c but for its size.
 */
struct tcphs_zeek {
	int64_t delivered[2];          /* relative number of the first octet missing of each side */
	struct tcphs_zeek_endpoint endpoint[2];
	uint32_t seen;                 /* letters recorded and other facts, by role */
	uint8_t originator;            /* enum tcphs_side */
	uint8_t letters;               /* length of history */
	char history[TCPHS_ZEEK_LETTERS + 1];
};

/**
 * tcphs_zeek_update(): takes in the next segment of the connection, sent by |side|.
 *
 * A segment whose header is malformed or not wholly captured, or whose checksum is TCPHS_CHECKSUM_BAD, is
 * given too: Zeek does see it, and it may open the connection. Never fails.
 */
void tcphs_zeek_update(struct tcphs_zeek *zeek, unsigned side, const struct tcphs_segment *segment);

/** struct tcphs_zeek_numbers: of a side, its ISN, its next number, and the last one that its peer acknowledged. */
struct tcphs_zeek_numbers {
	uint32_t isn, next, acked;
};

/**
 * tcphs_zeek_waits(): for which kinds of segments of each side tcphs_zeek_update() may be put off. |numbers| are the
 * caller's; if they are not what is known here nothing can be put off.
 */
void tcphs_zeek_waits(const struct tcphs_zeek *zeek, const struct tcphs_zeek_numbers numbers[2], uint8_t waits[2]);

/**
 * tcphs_zeek_may_wait(): whether a segment of |own| may be put off, which has ACK and none of SYN, FIN and RST, and a
 * window, and whose header is whole and sound: it is data in order or a plain acknowledgment, of a kind whose letter is
 * there, and acknowledges only what was captured. Numbers near a wrap are better told at once.
 */
static inline bool tcphs_zeek_may_wait(uint8_t waits, const struct tcphs_zeek_numbers *own,
                                       const struct tcphs_zeek_numbers *peer, const struct tcphs_segment *segment)
{
	uint32_t end = segment->seq + segment->length;

	if (segment->seq != own->next || segment->ack - peer->acked > peer->next - peer->acked)
		return false;
	if (segment->length == 0)
		return waits & TCPHS_ZEEK_ACK;
	return (waits & TCPHS_ZEEK_DATA) && end >= segment->seq && end - own->acked <= TCPHS_ZEEK_UNACKED &&
	       end - own->isn <= INT32_MAX;
}

/** tcphs_zeek_catch_up(): before anything else, after segments were put off: where they have brought both sides. */
void tcphs_zeek_catch_up(struct tcphs_zeek *zeek, const struct tcphs_zeek_numbers numbers[2]);

/** tcphs_zeek_conn_state(): Zeek's word for the connection as it stands, such as "SF". A constant. */
const char *tcphs_zeek_conn_state(const struct tcphs_zeek *zeek);

/** tcphs_zeek_history(): the letters, such as "ShADadFf"; "" where Zeek logs "-". Lives in |zeek|. */
const char *tcphs_zeek_history(const struct tcphs_zeek *zeek);

#endif
