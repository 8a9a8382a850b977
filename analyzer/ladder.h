/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder.h - the segments of each connection that a reader wants to see one by one, kept while the tracker is fed.
 *
 * The engine forgets a segment once it has been judged. Who draws a connection as a ladder (time downwards, client and
 * server to the sides) collects here what a rung needs:
 *
 *     ladders = ladders_new(LADDER_LINES, LADDER_BUDGET);
 *     for each segment:   tcphs_tracker_segment(tracker, &key, &segment, &mark);
 *                         ladder_take(ladders, &segment, &mark);
 *     for each quote:     tcphs_tracker_quote(tracker, &quote, &mark);
 *                         ladder_take_quote(ladders, &quote, &mark);
 *     for each connection that retires, before the next segment:
 *                         ladder = ladder_of(ladders, summary.connection);   draw it
 *                         ladder_drop(ladders, summary.connection);
 *
 * A connection's number is the engine's, which is given to another one after retirement: hence ladder_drop(), also for
 * connections that nobody draws.
 */
#ifndef TCPHS_LADDER_H
#define TCPHS_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tcphs.h"

/** So many lines a connection are kept by default; its opening and its end are among them. */
#define LADDER_LINES 32

/** So many octets all ladders of an input may have: a flood of a million SYNs is no story worth more memory. */
#define LADDER_BUDGET ((size_t)64 << 20)

/** struct ladder_line: one segment, or one ICMP error about the handshake. */
struct ladder_line {
	struct tcphs_mark mark;   /* phase, states before and after, terms; mark.step: see ladder_step() */
	tcphs_time time;
	tcphs_ref frame;
	uint32_t seq, ack;        /* raw; of an ICMP error those that it quotes */
	uint32_t length;          /* octets of payload */
	uint32_t skipped;         /* segments between the line above and this one that are not kept */
	uint16_t flags, window;   /* TCPHS_SYN ...; the window as on the wire */
	uint8_t have;             /* TCPHS_HAVE_* */
	bool icmp, icmpv6;        /* an ICMP error: only then the three icmp_ members are set */
	uint8_t icmp_type, icmp_code;
	uint16_t sport;           /* of the segment, or of the one that is quoted */
	uint8_t icmp_sender[16];  /* IPv4 mapped */
};

struct ladders;
struct ladder;

/**
 * ladders_new(): none yet; each will have at most |limit| lines, which is 8 or more, and all of them |budget| octets.
 *
 * Once the budget is spent, a new connection gets no ladder and a line that finds no room takes the place of the one
 * before it, which then counts as skipped. NULL without memory.
 */
struct ladders *ladders_new(size_t limit, size_t budget);
void ladders_del(struct ladders *ladders);

/**
 * ladder_take(): the next segment, with the mark that tcphs_tracker_segment() made of it.
 *
 * What has no connection, or came after its end (mark->late), is not taken.
 * @return TCPHS_OK, or TCPHS_ERR_NOMEM: the line is missing, all else stays valid.
 */
int ladder_take(struct ladders *ladders, const struct tcphs_segment *segment, const struct tcphs_mark *mark);

/** ladder_take_quote(): the next ICMP error, with the mark of tcphs_tracker_quote(). Otherwise as above. */
int ladder_take_quote(struct ladders *ladders, const struct tcphs_quote *quote, const struct tcphs_mark *mark);

/** ladder_of(): the ladder of that connection, valid until the next call of take or drop; NULL if there is none. */
const struct ladder *ladder_of(const struct ladders *ladders, uint32_t connection);

/** ladder_drop(): frees it. Nothing happens if there is none. */
void ladder_drop(struct ladders *ladders, uint32_t connection);

/** ladder_count(), ladder_line(): its lines in the order of capture. 0 lines of NULL. */
size_t ladder_count(const struct ladder *ladder);
const struct ladder_line *ladder_line(const struct ladder *ladder, size_t index);

/* ---- what a line says, once its connection is judged ------------------------------------------------------------- */

/** ladder_from_client(): who sent it; of an ICMP error: whose segment it quotes. */
bool ladder_from_client(const struct ladder_line *line, const struct tcphs_summary *summary);

/** enum ladder_absence: why a step of the handshake is not among the lines. */
enum ladder_absence {
	LADDER_NOT_CAPTURED,   /* it must have been sent, for what follows builds on it */
	LADDER_NEVER_CAME,     /* it was waited for */
	LADDER_NOT_YET,        /* the capture ended before it was due */
};

/** ladder_absence_words(): "not captured", "never came", "not before the capture ended". */
const char *ladder_absence_words(enum ladder_absence absence);

/** struct ladder_unseen: a step that a reader looks for in vain. */
struct ladder_unseen {
	uint8_t step;                  /* 1, 2 or 3 */
	enum ladder_absence absence;
};

/**
 * ladder_unseen(): the steps that are missing right before line |index|, or behind the last line for |index| =
 * ladder_count(); in order. Returns how many of *unseen* are set.
 */
size_t ladder_unseen(const struct ladder *ladder, const struct tcphs_summary *summary, size_t index,
                     struct ladder_unseen unseen[3]);

/** ladder_step_label(): "SYN", "SYN-ACK", "ACK". */
const char *ladder_step_label(int step);

/** ladder_step(): 1, 2 or 3 if this is the segment that the judgement names as that step, else 0. */
int ladder_step(const struct ladder_line *line, const struct tcphs_summary *summary);

/**
 * ladder_finding(): the findings raised at this line's frame, one by one: the index of the first one that is not below
 * |from|, or summary->finding_count after the last.
 */
size_t ladder_finding(const struct ladder_line *line, const struct tcphs_summary *summary, size_t from);

/** Room for ladder_label() and ladder_numbers(). */
#define LADDER_LABEL 96
#define LADDER_NUMBERS 320

/** ladder_label(): the flags as people write them, "SYN-ACK", "FIN-PSH-ACK", "RST", or the ICMP error in words. */
void ladder_label(char buffer[LADDER_LABEL], const struct ladder_line *line);

/**
 * ladder_numbers(): its numbers and how they come about, as far as they are to be compared with something: "seq 7000 =
 * ISN, ack 4322 = 4321 + 1 (SYN)", "seq 4322, ack 7001, 5 octets"; of an ICMP error "quotes seq 4321". Plain ASCII.
 */
void ladder_numbers(char buffer[LADDER_NUMBERS], const struct ladder_line *line);

#endif
