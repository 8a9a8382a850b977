/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracker.c - from segments of a whole capture to connections.
 *
 * Theory of operation. A 4-tuple (tuple) has at most two connections at a time: the newest and its
 * predecessor. A SYN whose number differs from the one that its direction is known by opens a stream and
 * a connection; everything else belongs to the newest, unless its numbers fit the predecessor and not the
 * newest: one stray SYN must not take a live connection over.
 *
 * Stream numbers are counted as tcp.stream does, apart from connections: a connection has the number of
 * its first segment, and an incarnation where several have the same.
 *
 * A connection that is closed or replaced lingers, so that late segments find it, and then retires. The
 * lingering ones are a list in order of their end; time is the newest timestamp met. What retires is
 * judged and, unless config.keep, given to the caller and forgotten, but for the tuple.
 */
#include <stdlib.h>
#include <string.h>

#include "isn.h"
#include "seq.h"
#include "sip.h"
#include "store.h"

/** Of one connection and one rule, so many findings are kept: a capture may repeat itself for ever. */
#define FINDINGS_PER_RULE 16

struct tcphs_tracker {
	struct tcphs_config config;
	struct tcphs_pool entries, tuples, findings;
	uint32_t *table;             /* open addressing: tuple numbers */
	uint32_t table_size, table_used;
	uint32_t streams;            /* next stream number */
	uint32_t linger_head, linger_tail;
	uint32_t retired_head, retired_tail;
	uint32_t oldest, newest;     /* tuples by last use, if config.forget */
	tcphs_time now;
	bool started, finishing;
	struct tcphs_finding *scratch;   /* a summary's findings */
	size_t scratch_size;
	struct tcphs_isn_table *isns;
};

static struct tcphs_entry *entry_at(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_pool_at(&t->entries, number);
}

static struct tcphs_tuple *tuple_at(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_pool_at(&t->tuples, number);
}

static struct tcphs_kept *kept_at(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_pool_at(&t->findings, number);
}

void tcphs_config_default(struct tcphs_config *config)
{
	*config = (struct tcphs_config){
		.horizon = 3 * TCPHS_SECOND,
		.linger = 60 * TCPHS_SECOND,
		.forget = 0,
		.slow = TCPHS_SECOND,
		.copy_with_id = 200 * TCPHS_MILLISECOND,
		.copy_without_id = 5 * TCPHS_MILLISECOND,
		.silence = TCPHS_SECOND,
		.time_wait = 60 * TCPHS_SECOND,
		.flood = 60 * TCPHS_SECOND,
		.many_isns = 5,
		.resent = 2,
		.least_mss = 216,   /* FreeBSD's default net.inet.tcp.minmss: no link needs less */
		.ttl_slack = 3,
		.isn_tuples = 4,    /* an address translator or two make three of one */
		.isn_samples = 6,
		.stream_rule = TCPHS_STREAM_WS40,
		.keep = false,
		.zeek = true,
		.hash_key = { UINT64_C(0x746370687331), UINT64_C(0x9293) },
	};
}

/* ---- 4-tuples ------------------------------------------------------------------------------------ */

static uint32_t hash_tuple(const uint64_t key[2], const struct tcphs_tuple *tuple)
{
	uint64_t words[5];

	memcpy(&words[0], tuple->low, 16);
	memcpy(&words[2], tuple->high, 16);
	words[4] = (uint64_t)tuple->low_port << 16 | tuple->high_port;
	return tcphs_sip(key, words, 5);
}

/* Sets the endpoints of *tuple in order. @return 0 if the sender is the lower endpoint, else 1. */
static unsigned order(const struct tcphs_tracker *t, const struct tcphs_key *key, struct tcphs_tuple *tuple)
{
	int cmp = memcmp(key->src, key->dst, 16);
	unsigned direction = cmp > 0 || (cmp == 0 && key->sport > key->dport);

	memset(tuple, 0, sizeof(*tuple));
	memcpy(tuple->low, direction ? key->dst : key->src, 16);
	memcpy(tuple->high, direction ? key->src : key->dst, 16);
	tuple->low_port = direction ? key->dport : key->sport;
	tuple->high_port = direction ? key->sport : key->dport;
	tuple->hash = hash_tuple(t->config.hash_key, tuple);
	return direction;
}

static bool same_tuple(const struct tcphs_tuple *a, const struct tcphs_tuple *b)
{
	return a->hash == b->hash && a->low_port == b->low_port && a->high_port == b->high_port &&
	       memcmp(a->low, b->low, 16) == 0 && memcmp(a->high, b->high, 16) == 0;
}

/* The slot of the tuple, or the free one where it would be. */
static uint32_t slot_of(const struct tcphs_tracker *t, const struct tcphs_tuple *wanted)
{
	uint32_t mask = t->table_size - 1, slot = wanted->hash & mask;

	while (t->table[slot] != TCPHS_NONE && !same_tuple(tuple_at(t, t->table[slot]), wanted))
		slot = (slot + 1) & mask;
	return slot;
}

static bool grow_table(struct tcphs_tracker *t)
{
	uint32_t size = t->table_size * 2, mask = size - 1;
	uint32_t *table;

	if (t->table_used < t->table_size - t->table_size / 4)
		return true;
	table = size ? malloc((size_t)size * sizeof(*table)) : NULL;
	if (!table)
		return t->table_used + 1 < t->table_size;
	memset(table, 0xff, (size_t)size * sizeof(*table));
	for (uint32_t i = 0; i < t->table_size; i++) {
		uint32_t slot;

		if (t->table[i] == TCPHS_NONE)
			continue;
		slot = tuple_at(t, t->table[i])->hash & mask;
		while (table[slot] != TCPHS_NONE)
			slot = (slot + 1) & mask;
		table[slot] = t->table[i];
	}
	free(t->table);
	t->table = table;
	t->table_size = size;
	return true;
}

/* Linear probing needs no gaps: what follows the freed slot moves up. */
static void unlink_tuple(struct tcphs_tracker *t, uint32_t number)
{
	uint32_t mask = t->table_size - 1, hole = slot_of(t, tuple_at(t, number)), slot = hole;

	for (;;) {
		uint32_t home;

		slot = (slot + 1) & mask;
		if (t->table[slot] == TCPHS_NONE)
			break;
		home = tuple_at(t, t->table[slot])->hash & mask;
		if (((slot - home) & mask) < ((slot - hole) & mask))
			continue;
		t->table[hole] = t->table[slot];
		hole = slot;
	}
	t->table[hole] = TCPHS_NONE;
	t->table_used--;
}

/* ---- order of use, for 'forget' ------------------------------------------------------------------ */

static void leave_use_order(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_tuple *tuple = tuple_at(t, number);

	if (tuple->older != TCPHS_NONE)
		tuple_at(t, tuple->older)->newer = tuple->newer;
	else if (t->oldest == number)
		t->oldest = tuple->newer;
	if (tuple->newer != TCPHS_NONE)
		tuple_at(t, tuple->newer)->older = tuple->older;
	else if (t->newest == number)
		t->newest = tuple->older;
	tuple->older = tuple->newer = TCPHS_NONE;
}

static void use(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_tuple *tuple = tuple_at(t, number);

	tuple->used = t->now;
	if (t->config.forget == 0 || t->newest == number)
		return;
	leave_use_order(t, number);
	tuple->older = t->newest;
	if (t->newest != TCPHS_NONE)
		tuple_at(t, t->newest)->newer = number;
	else
		t->oldest = number;
	t->newest = number;
}

/* The tuple's number, a new one if there was none; NONE without memory. */
static uint32_t find_tuple(struct tcphs_tracker *t, const struct tcphs_tuple *wanted, bool create)
{
	uint32_t slot = slot_of(t, wanted), number = t->table[slot];
	struct tcphs_tuple *tuple;

	if (number != TCPHS_NONE || !create)
		return number;
	if (!grow_table(t))
		return TCPHS_NONE;
	number = tcphs_pool_take(&t->tuples);
	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	tuple = tuple_at(t, number);
	*tuple = *wanted;
	tuple->newest = tuple->previous = tuple->older = tuple->newer = TCPHS_NONE;
	tuple->stream = TCPHS_NONE;
	t->table[slot_of(t, wanted)] = number;
	t->table_used++;
	return number;
}

/* ---- streams ------------------------------------------------------------------------------------- */

/* Wireshark up to 4.2: a SYN with another number than its direction is known by. This splits connections too. */
static bool splits_by_syn(const struct tcphs_tuple *tuple, unsigned direction, const struct tcphs_segment *s)
{
	return (s->flags & (TCPHS_SYN | TCPHS_ACK)) == TCPHS_SYN &&
	       (tuple->flags & (TCPHS_TUPLE_BASE_LOW << direction)) && tuple->base[direction] != s->seq;
}

/* Wireshark from 4.4 on: a SYN-ACK with another number does so, too, and after an end the same number is another. */
static bool splits_by_ws44(const struct tcphs_tuple *tuple, unsigned direction, const struct tcphs_segment *s)
{
	bool based = tuple->flags & (TCPHS_TUPLE_BASE_LOW << direction);

	if (!(s->flags & TCPHS_SYN) || !based)
		return false;
	return tuple->base[direction] != s->seq || (tuple->flags & TCPHS_TUPLE_ENDED);
}

static void begin_stream(struct tcphs_tracker *t, struct tcphs_tuple *tuple)
{
	tuple->stream = t->streams++;
	tuple->flags &= (uint8_t)~(TCPHS_TUPLE_BASE_LOW | TCPHS_TUPLE_BASE_HIGH | TCPHS_TUPLE_ENDED);
	tuple->incarnations = 0;
}

static void note_bases(struct tcphs_tuple *tuple, unsigned direction, const struct tcphs_segment *s)
{
	uint8_t own = (uint8_t)(TCPHS_TUPLE_BASE_LOW << direction),
		other = (uint8_t)(TCPHS_TUPLE_BASE_LOW << !direction);

	if (s->flags & TCPHS_SYN)
		tuple->base[direction] = s->seq;
	else if (!(tuple->flags & own))
		tuple->base[direction] = s->seq - 1;
	if (!(tuple->flags & other) && (s->flags & TCPHS_ACK)) {
		tuple->base[!direction] = s->ack - 1;
		tuple->flags |= other;
	}
	tuple->flags |= own;
	if ((s->flags & TCPHS_RST) || (s->flags & (TCPHS_FIN | TCPHS_ACK)) == (TCPHS_FIN | TCPHS_ACK))
		tuple->flags |= TCPHS_TUPLE_ENDED;
}

/* @return whether the segment is a SYN that opens another connection. */
static bool number_stream(struct tcphs_tracker *t, struct tcphs_tuple *tuple, unsigned direction,
                          const struct tcphs_segment *s)
{
	bool syn = splits_by_syn(tuple, direction, s);
	bool splits = t->config.stream_rule == TCPHS_STREAM_WS44 ? splits_by_ws44(tuple, direction, s) : syn;

	if (tuple->stream == TCPHS_NONE || splits)
		begin_stream(t, tuple);
	note_bases(tuple, direction, s);
	return syn;
}

/* ---- retirement ---------------------------------------------------------------------------------- */

static bool unanswered(const struct tcphs_connection *c)
{
	return c->stage == TCPHS_STAGE_SYN && !(c->side[!tcphs_connection_client(c)].did & TCPHS_DID_ANYTHING);
}

static void retire(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_entry *e = entry_at(t, number);
	struct tcphs_tuple *tuple = tuple_at(t, e->tuple);

	if (e->retired)
		return;
	e->retired = true;
	e->early = !t->finishing;
	if (tuple->newest == number)
		tuple->flags = (uint8_t)((tuple->flags & ~TCPHS_TUPLE_UNANSWERED) |
		                         (unanswered(&e->c) ? TCPHS_TUPLE_UNANSWERED : 0));
	if (tuple->previous == number)
		tuple->previous = TCPHS_NONE;
	if (t->config.keep)
		return;
	if (tuple->newest == number)
		tuple->newest = TCPHS_NONE;
	tuple->undrained++;
	e->next = TCPHS_NONE;
	if (t->retired_tail != TCPHS_NONE)
		entry_at(t, t->retired_tail)->next = number;
	else
		t->retired_head = number;
	t->retired_tail = number;
}

static void append_lingering(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_entry *e = entry_at(t, number);

	e->lingering = true;
	e->next = TCPHS_NONE;
	e->before = t->linger_tail;
	if (t->linger_tail != TCPHS_NONE)
		entry_at(t, t->linger_tail)->next = number;
	else
		t->linger_head = number;
	t->linger_tail = number;
}

static void stop_lingering(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_entry *e = entry_at(t, number);

	if (!e->lingering)
		return;
	e->lingering = false;
	if (e->before != TCPHS_NONE)
		entry_at(t, e->before)->next = e->next;
	else
		t->linger_head = e->next;
	if (e->next != TCPHS_NONE)
		entry_at(t, e->next)->before = e->before;
	else
		t->linger_tail = e->before;
}

/* The connection ends now, or no longer (the same attempt goes on). */
static void note_ending(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_entry *e = entry_at(t, number);
	bool ending = e->c.closed_at != TCPHS_TIME_NONE || (e->c.facts & TCPHS_FACT_REPLACED);

	if (ending == e->lingering)
		return;
	if (!ending) {
		stop_lingering(t, number);
		return;
	}
	e->expires_from = t->now;
	append_lingering(t, number);
}

static void retire_now(struct tcphs_tracker *t, uint32_t number)
{
	stop_lingering(t, number);
	retire(t, number);
}

/* The list is in the order of the endings, so its head is the next to go. */
static void expire_lingering(struct tcphs_tracker *t)
{
	while (t->linger_head != TCPHS_NONE && t->now - entry_at(t, t->linger_head)->expires_from > t->config.linger)
		retire_now(t, t->linger_head);
}

/* Retired connections name their tuple until they are drained. */
static void give_tuple(struct tcphs_tracker *t, uint32_t number)
{
	const struct tcphs_tuple *tuple = tuple_at(t, number);

	if ((tuple->flags & TCPHS_TUPLE_FORGOTTEN) && tuple->undrained == 0)
		tcphs_pool_give(&t->tuples, number);
}

static void forget_idle(struct tcphs_tracker *t)
{
	while (t->oldest != TCPHS_NONE && t->now - tuple_at(t, t->oldest)->used > t->config.forget) {
		uint32_t number = t->oldest;
		struct tcphs_tuple *tuple = tuple_at(t, number);

		if (tuple->previous != TCPHS_NONE)
			retire_now(t, tuple->previous);
		if (tuple->newest != TCPHS_NONE)
			retire_now(t, tuple->newest);
		leave_use_order(t, number);
		unlink_tuple(t, number);
		tuple->flags |= TCPHS_TUPLE_FORGOTTEN;
		give_tuple(t, number);
	}
}

/* Times are subtracted from each other: from 1823 to 2116 that cannot overflow, beyond it they stand still. */
static tcphs_time within_reach(tcphs_time time)
{
	const tcphs_time most = (INT64_C(1) << 62) - 1;

	return time > most ? most : time < -most ? -most : time;
}

void tcphs_tracker_frame(struct tcphs_tracker *t, tcphs_time time)
{
	time = within_reach(time);
	if (t->started && time <= t->now)
		return;
	t->now = time;
	t->started = true;
	expire_lingering(t);
	if (t->config.forget > 0 && !t->config.keep)
		forget_idle(t);
}

/* ---- findings ------------------------------------------------------------------------------------ */

static void keep_findings(struct tcphs_tracker *t, struct tcphs_entry *e, const struct tcphs_finding *found,
                          size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned alike = 0;
		uint32_t number;

		for (uint32_t n = e->findings; n != TCPHS_NONE; n = kept_at(t, n)->next)
			alike += kept_at(t, n)->finding.rule == found[i].rule;
		if (alike >= FINDINGS_PER_RULE)
			continue;
		number = tcphs_pool_take(&t->findings);
		if (number == TCPHS_NONE)
			return;
		*kept_at(t, number) = (struct tcphs_kept){ TCPHS_NONE, found[i] };
		if (e->last_finding != TCPHS_NONE)
			kept_at(t, e->last_finding)->next = number;
		else
			e->findings = number;
		e->last_finding = number;
	}
}

static void drop_findings(struct tcphs_tracker *t, struct tcphs_entry *e)
{
	uint32_t n = e->findings;

	while (n != TCPHS_NONE) {
		uint32_t next = kept_at(t, n)->next;

		tcphs_pool_give(&t->findings, n);
		n = next;
	}
	e->findings = e->last_finding = TCPHS_NONE;
}

/* ---- segments ------------------------------------------------------------------------------------ */

static enum tcphs_side side_of(const struct tcphs_entry *e, unsigned direction)
{
	return direction == e->first_direction ? TCPHS_SIDE_FIRST : TCPHS_SIDE_SECOND;
}

static bool live(const struct tcphs_tracker *t, uint32_t number)
{
	return number != TCPHS_NONE && !entry_at(t, number)->retired;
}

/* The newest connection becomes the predecessor of one that is opened by |s|. */
static void step_back(struct tcphs_tracker *t, struct tcphs_tuple *tuple, unsigned direction,
                      const struct tcphs_segment *s)
{
	struct tcphs_entry *e;

	if (tuple->previous != TCPHS_NONE)
		retire_now(t, tuple->previous);
	tuple->previous = TCPHS_NONE;
	if (!live(t, tuple->newest))
		return;
	tuple->previous = tuple->newest;
	e = entry_at(t, tuple->previous);
	tcphs_connection_replaced(&e->c, side_of(e, direction), s);
	note_ending(t, tuple->previous);
}

/* How many SYNs with different numbers came lately on the tuple; one flood is told once. */
static uint32_t count_syns(const struct tcphs_tracker *t, struct tcphs_tuple *tuple, const struct tcphs_segment *s)
{
	if ((s->flags & (TCPHS_SYN | TCPHS_ACK)) != TCPHS_SYN)
		return 0;
	if (tuple->syn_isns == 0 || s->time - tuple->flood_from > t->config.flood) {
		tuple->syn_isns = 0;
		tuple->flood_from = s->time;
	}
	return ++tuple->syn_isns;
}

/* A new connection on the tuple; NONE without memory. */
static uint32_t open_connection(struct tcphs_tracker *t, uint32_t tuple_number, unsigned direction,
                                const struct tcphs_segment *s)
{
	struct tcphs_tuple *tuple = tuple_at(t, tuple_number);
	uint32_t number = tcphs_pool_take(&t->entries);
	struct tcphs_entry *e;

	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	e = entry_at(t, number);
	tcphs_connection_init(&e->c);
	if (tuple->flags & TCPHS_TUPLE_USED) {
		bool silent = live(t, tuple->newest) ? unanswered(&entry_at(t, tuple->newest)->c)
		                                     : (tuple->flags & TCPHS_TUPLE_UNANSWERED) != 0;

		e->c.facts |= TCPHS_FACT_TUPLE_USED | (silent ? TCPHS_FACT_TUPLE_UNANSWERED : 0);
	}
	if (live(t, tuple->newest)) {
		struct tcphs_entry *older = entry_at(t, tuple->newest);

		tcphs_connection_succeeds(&e->c, &t->config, &older->c, side_of(older, direction), s);
	}
	step_back(t, tuple, direction, s);
	e->c.tuple_isns = count_syns(t, tuple, s);
	e->tuple = tuple_number;
	e->stream = tuple->stream;
	e->incarnation = tuple->incarnations++;
	e->first_direction = (uint8_t)direction;
	e->findings = e->last_finding = e->next = TCPHS_NONE;
	tuple->newest = number;
	tuple->flags |= TCPHS_TUPLE_USED;
	return number;
}

/* Does |event| say that the segment has no place in its connection? */
static bool misfit(const struct tcphs_entry *e, enum tcphs_side side, enum tcphs_event event,
                   const struct tcphs_segment *s)
{
	switch (event) {
	case TCPHS_EV_NOISE:
	case TCPHS_EV_SYNACK_BAD_ACK:
	case TCPHS_EV_ACK_AHEAD:
	case TCPHS_EV_ACK_BAD_ACK:
	case TCPHS_EV_ACK_BAD_SEQ:
	case TCPHS_EV_CHALLENGE:
	case TCPHS_EV_RST_BAD:
	case TCPHS_EV_RST_NO_ACK:
	case TCPHS_EV_RST_ECHO:
	case TCPHS_EV_ANOTHER:
		return true;
	case TCPHS_EV_MOVED_ON:
		return true;
	case TCPHS_EV_ACK:
	case TCPHS_EV_RST:
	case TCPHS_EV_RST_AHEAD:
		if (e->c.stage == TCPHS_STAGE_PROBE)
			return true;
		/* After its SYN alone and in an open connection, classification lets nearly every number pass. */
		if (e->c.stage == TCPHS_STAGE_SYN)
			return !tcphs_connection_answers(&e->c, side, s);
		return e->c.stage >= TCPHS_STAGE_UNSEEN && !tcphs_connection_fits(&e->c, side, s);
	default:
		return false;
	}
}

/* What may be why nobody answers. */
static void note_flaw(struct tcphs_connection *c, const struct tcphs_finding *found, size_t count)
{
	for (size_t i = 0; i < count && c->flaw == TCPHS_BREAKS_NOTHING; i++)
		c->flaw = (uint8_t)tcphs_rule_info((enum tcphs_rule)found[i].rule)->breaks;
}

/* ---- ISN quality --------------------------------------------------------------------------------- */

/* What the host on |side| of a connection did with an ISN; direction and 4-tuple make the sample's identity. */
static struct tcphs_isn isn_of(const struct tcphs_tuple *tuple, unsigned direction, uint32_t isn, tcphs_time time,
                               tcphs_ref ref)
{
	return (struct tcphs_isn){ .host = direction ? tuple->high : tuple->low, .tuple = tuple->hash << 1 | direction,
	                           .isn = isn, .time = time, .ref = ref };
}

/* A SYN or SYN-ACK with a number that its side did not have in this connection. */
static void note_isn_sent(struct tcphs_tracker *t, struct tcphs_entry *e, unsigned direction,
                          const struct tcphs_segment *s)
{
	const struct tcphs_isn isn = isn_of(tuple_at(t, e->tuple), direction, s->seq, s->time, s->ref);
	struct tcphs_isn_repeat repeat;
	struct tcphs_finding found;
	size_t count = 0;

	if (!tcphs_isn_sent(t->isns, &isn, &repeat))
		return;
	tcphs_raise(&found, &count, TCPHS_RULE_ISN_REPEATED, side_of(e, direction), s->ref, repeat.first);
	found.numbers = 1;
	found.expected = repeat.completed;
	found.actual = repeat.connections;
	keep_findings(t, e, &found, count);
}

/* The connection has opened: its ISNs count as used, where they were captured. */
static void note_isns_completed(struct tcphs_tracker *t, struct tcphs_entry *e, const struct tcphs_segment *s)
{
	for (unsigned direction = 0; direction < 2; direction++) {
		const struct tcphs_endpoint *own = &e->c.side[side_of(e, direction)];
		uint32_t after = own->did & TCPHS_DID_SYN ? own->syn_try[0] : own->synack_try[0];
		tcphs_time time = e->c.start + (tcphs_time)after * 1000;
		const struct tcphs_isn isn = isn_of(tuple_at(t, e->tuple), direction, own->isn, time, s->ref);
		struct tcphs_isn_pattern pattern;
		struct tcphs_finding found;
		size_t count = 0;

		if (!(own->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK)) || !tcphs_isn_completed(t->isns, &isn, &pattern))
			continue;
		tcphs_raise(&found, &count, TCPHS_RULE_ISN_PREDICTABLE, side_of(e, direction), s->ref, 0);
		found.expected = pattern.value;   /* not numbers of the arithmetic, but what the sentence is made of */
		found.actual = pattern.kind;
		keep_findings(t, e, &found, count);
	}
}

static bool shows_isn(enum tcphs_event event)
{
	return event == TCPHS_EV_SYN || event == TCPHS_EV_SYNACK || event == TCPHS_EV_SYNACK_NEW_ISN ||
	       event == TCPHS_EV_SYNACK_BAD_ACK;
}

/* -------------------------------------------------------------------------------------------------- */

static void take(struct tcphs_tracker *t, uint32_t number, const struct tcphs_key *key, unsigned direction,
                 const struct tcphs_segment *s, enum tcphs_event event, struct tcphs_mark *mark)
{
	struct tcphs_finding found[2 * TCPHS_FINDINGS_MAX];
	struct tcphs_entry *e = entry_at(t, number);
	struct tcphs_tuple *tuple = tuple_at(t, e->tuple);
	bool was_open = tcphs_connection_open(&e->c);
	enum tcphs_side side = side_of(e, direction);
	size_t count = event == TCPHS_EV_DUPLICATE ? 0 : tcphs_checks(&t->config, key, s, side, found);

	if (e->c.stage == TCPHS_STAGE_NEW)
		note_flaw(&e->c, found, count);
	count += tcphs_connection_update(&e->c, &t->config, side, s, event, mark, found + count);

	mark->connection = number;
	keep_findings(t, e, found, count);
	if (shows_isn(event))
		note_isn_sent(t, e, direction, s);
	if (!was_open && tcphs_connection_open(&e->c))
		note_isns_completed(t, e, s);
	note_ending(t, number);
	if (!was_open && tcphs_connection_open(&e->c) && number == tuple->newest && live(t, tuple->previous))
		entry_at(t, tuple->previous)->c.facts |= TCPHS_FACT_SUCCESSOR_OPEN;
}

/*
 * Is |event| what the predecessor |c| expects of the segment? The SYN-ACK of an older SYN may come after the newer SYN,
 * or both sides of a firewall that changes ISNs were captured: then it acknowledges just that SYN.
 */
static bool suits(const struct tcphs_connection *c, enum tcphs_side side, const struct tcphs_segment *s,
                  enum tcphs_event event)
{
	if (s->flags & TCPHS_SYN)
		return c->stage >= TCPHS_STAGE_SYN && event >= TCPHS_EV_SYNACK && event <= TCPHS_EV_SYNACK_NEW_ACK;
	return event < TCPHS_EVENTS && tcphs_connection_fits(c, side, s);
}

/* A segment for the predecessor: the newest one learns of it only if it answers its SYN. */
static bool take_for_predecessor(struct tcphs_tracker *t, struct tcphs_tuple *tuple, const struct tcphs_key *key,
                                 unsigned direction, const struct tcphs_segment *s, enum tcphs_event event,
                                 struct tcphs_mark *mark)
{
	struct tcphs_entry *older;
	enum tcphs_side side;
	enum tcphs_event its_event;

	if (!live(t, tuple->previous) || ((s->flags & TCPHS_SYN) && event != TCPHS_EV_SYNACK_BAD_ACK))
		return false;
	older = entry_at(t, tuple->previous);
	side = side_of(older, direction);
	its_event = tcphs_classify(&older->c, &t->config, side, s);
	if (!suits(&older->c, side, s, its_event))
		return false;
	if ((event == TCPHS_EV_CHALLENGE || event == TCPHS_EV_MOVED_ON) &&
	    entry_at(t, tuple->newest)->c.stage == TCPHS_STAGE_SYN)
		tcphs_connection_challenged(&entry_at(t, tuple->newest)->c, s->ack,
		                            entry_at(t, tuple->newest)->c.first);
	take(t, tuple->previous, key, direction, s, its_event, mark);
	return true;
}

/* With no live connection on the tuple: does the segment begin one, or come too late? */
static bool begins(const struct tcphs_tuple *tuple, const struct tcphs_segment *s, bool splits, uint32_t base,
                   bool based)
{
	if (!(tuple->flags & TCPHS_TUPLE_USED) || splits)
		return true;
	if (!(s->flags & TCPHS_SYN))
		return false;
	return !(s->flags & TCPHS_ACK) || !based || base != s->seq;
}

static int judge_late(struct tcphs_tracker *t, struct tcphs_tuple *tuple, struct tcphs_mark *mark)
{
	mark->late = 1;
	if (tuple->newest != TCPHS_NONE) {
		mark->connection = tuple->newest;
		entry_at(t, tuple->newest)->c.late++;
	}
	return TCPHS_OK;
}

static int dispatch(struct tcphs_tracker *t, uint32_t tuple_number, const struct tcphs_key *key, unsigned direction,
                    const struct tcphs_segment *s, struct tcphs_mark *mark)
{
	struct tcphs_tuple *tuple = tuple_at(t, tuple_number);
	bool based = tuple->flags & (TCPHS_TUPLE_BASE_LOW << direction);
	uint32_t base = tuple->base[direction], number = tuple->newest;
	bool splits = number_stream(t, tuple, direction, s);
	enum tcphs_event event = TCPHS_EV_ANOTHER;

	mark->stream = tuple->stream;
	if (!live(t, number) && !begins(tuple, s, splits, base, based))
		return judge_late(t, tuple, mark);
	/* A server that acknowledged the SYN and then sends its own (split handshake) had no number to go by. */
	if (splits && live(t, number) &&
	    tcphs_connection_splits(&entry_at(t, number)->c, side_of(entry_at(t, number), direction)))
		splits = false;
	if (live(t, number) && !splits) {
		enum tcphs_side side = side_of(entry_at(t, number), direction);

		event = tcphs_classify(&entry_at(t, number)->c, &t->config, side, s);
		if (misfit(entry_at(t, number), side, event, s) &&
		    take_for_predecessor(t, tuple, key, direction, s, event, mark))
			return TCPHS_OK;
	}
	if (event == TCPHS_EV_ANOTHER) {
		number = open_connection(t, tuple_number, direction, s);
		if (number == TCPHS_NONE)
			return TCPHS_ERR_NOMEM;
		if (entry_at(t, number)->c.older_isn == 0)
			entry_at(t, number)->c.older_isn = base;
		event = tcphs_classify(&entry_at(t, number)->c, &t->config, TCPHS_SIDE_FIRST, s);
	}
	take(t, number, key, direction, s, event, mark);
	return TCPHS_OK;
}

static void note_cut(struct tcphs_tracker *t, const struct tcphs_tuple *wanted)
{
	uint32_t number = find_tuple(t, wanted, false);

	if (number != TCPHS_NONE && live(t, tuple_at(t, number)->newest))
		tcphs_connection_cut(&entry_at(t, tuple_at(t, number)->newest)->c);
}

static void no_mark(struct tcphs_mark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->connection = TCPHS_NO_CONNECTION;
	mark->stream = TCPHS_NONE;
}

int tcphs_tracker_segment(struct tcphs_tracker *t, const struct tcphs_key *key, const struct tcphs_segment *segment,
                          struct tcphs_mark *mark)
{
	struct tcphs_tuple wanted;
	unsigned direction = order(t, key, &wanted);
	struct tcphs_segment moved;
	uint32_t tuple;

	if (segment->time != within_reach(segment->time)) {
		moved = *segment;
		moved.time = within_reach(segment->time);
		segment = &moved;
	}
	no_mark(mark);
	tcphs_tracker_frame(t, segment->time);
	if (!(segment->have & TCPHS_HAVE_HEADER)) {
		note_cut(t, &wanted);
		return TCPHS_OK;
	}
	tuple = find_tuple(t, &wanted, true);
	if (tuple == TCPHS_NONE)
		return TCPHS_ERR_NOMEM;
	use(t, tuple);
	return dispatch(t, tuple, key, direction, segment, mark);
}

/* The error may be about the newest connection, or about the one before it. */
static void quote_for(struct tcphs_tracker *t, const struct tcphs_tuple *tuple, unsigned direction,
                      const struct tcphs_quote *quote, struct tcphs_mark *mark)
{
	const uint32_t candidates[2] = { tuple->newest, tuple->previous };

	for (unsigned i = 0; i < 2; i++) {
		struct tcphs_finding found[TCPHS_FINDINGS_MAX];
		struct tcphs_entry *e;
		size_t count;

		if (!live(t, candidates[i]))
			continue;
		e = entry_at(t, candidates[i]);
		count = tcphs_connection_quoted(&e->c, side_of(e, direction), quote, found);
		keep_findings(t, e, found, count);
		if (mark->connection == TCPHS_NO_CONNECTION || count > 0)
			mark->connection = candidates[i];
		if (count > 0)
			return;
	}
}

int tcphs_tracker_quote(struct tcphs_tracker *t, const struct tcphs_quote *quote, struct tcphs_mark *mark)
{
	struct tcphs_tuple wanted;
	unsigned direction = order(t, &quote->key, &wanted);
	uint32_t number;

	no_mark(mark);
	tcphs_tracker_frame(t, quote->segment.time);
	number = find_tuple(t, &wanted, quote->segment.have & TCPHS_HAVE_HEADER);
	if (number == TCPHS_NONE)
		return quote->segment.have & TCPHS_HAVE_HEADER ? TCPHS_ERR_NOMEM : TCPHS_OK;
	use(t, number);
	if (quote->segment.have & TCPHS_HAVE_HEADER)
		number_stream(t, tuple_at(t, number), direction, &quote->segment);
	mark->stream = tuple_at(t, number)->stream;
	quote_for(t, tuple_at(t, number), direction, quote, mark);
	return TCPHS_OK;
}

void tcphs_tracker_prefetch(const struct tcphs_tracker *t, const struct tcphs_key *key)
{
	struct tcphs_tuple wanted;

	order(t, key, &wanted);
	__builtin_prefetch(&t->table[wanted.hash & (t->table_size - 1)]);
}

/* ---- summaries ----------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct tcphs_finding *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->rule != y->rule ? (int)x->rule - (int)y->rule : (int)x->side - (int)y->side;
}

static bool room_for(struct tcphs_tracker *t, size_t count)
{
	struct tcphs_finding *scratch;

	if (count <= t->scratch_size)
		return true;
	scratch = realloc(t->scratch, count * sizeof(*scratch));
	if (!scratch)
		return false;
	t->scratch = scratch;
	t->scratch_size = count;
	return true;
}

static void collect_findings(struct tcphs_tracker *t, const struct tcphs_entry *e, const struct tcphs_finding *judged,
                             size_t judged_count, struct tcphs_summary *summary)
{
	size_t count = judged_count;

	for (uint32_t n = e->findings; n != TCPHS_NONE; n = kept_at(t, n)->next)
		count++;
	if (count == 0 || !room_for(t, count))
		return;
	memcpy(t->scratch, judged, judged_count * sizeof(*judged));
	count = judged_count;
	for (uint32_t n = e->findings; n != TCPHS_NONE; n = kept_at(t, n)->next)
		t->scratch[count++] = kept_at(t, n)->finding;
	qsort(t->scratch, count, sizeof(*t->scratch), by_place);
	summary->findings = t->scratch;
	summary->finding_count = count;
}

static uint32_t copy_tries(tcphs_time *times, const uint32_t *tries, uint32_t count, tcphs_time start)
{
	uint32_t n = count < TCPHS_TRIES ? count : TCPHS_TRIES;

	for (uint32_t i = 0; i < n; i++)
		times[i] = start + (tcphs_time)tries[i] * 1000;
	return n;
}

static void describe_endpoints(const struct tcphs_tracker *t, const struct tcphs_entry *e,
                               struct tcphs_summary *summary)
{
	const struct tcphs_tuple *tuple = tuple_at(t, e->tuple);
	enum tcphs_side client_side = tcphs_connection_client(&e->c);
	const struct tcphs_endpoint *client = &e->c.side[client_side], *server = &e->c.side[!client_side];
	bool client_low = (client_side == TCPHS_SIDE_FIRST) == (e->first_direction == 0);

	memcpy(summary->key.src, client_low ? tuple->low : tuple->high, 16);
	memcpy(summary->key.dst, client_low ? tuple->high : tuple->low, 16);
	summary->key.sport = client_low ? tuple->low_port : tuple->high_port;
	summary->key.dport = client_low ? tuple->high_port : tuple->low_port;
	summary->has_isn[TCPHS_CLIENT] = client->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK);
	summary->has_isn[TCPHS_SERVER] = server->did & (TCPHS_DID_SYN | TCPHS_DID_SYNACK);
	/* A SYN-ACK or ACK gives the other one's number away. */
	summary->has_isn[TCPHS_CLIENT] |= server->did & TCPHS_DID_SYNACK;
	summary->isn[TCPHS_CLIENT] = client->isn;
	summary->isn[TCPHS_SERVER] = server->isn;
	summary->syn_count = client->syn_count;
	summary->synack_count = server->synack_count;
	summary->tries = copy_tries(summary->syn_time, client->syn_try, client->syn_count, e->c.start);
	summary->synack_tries = copy_tries(summary->synack_time, server->synack_try, server->synack_count, e->c.start);
}

static void summarise(struct tcphs_tracker *t, uint32_t number, tcphs_time end, struct tcphs_summary *summary)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct tcphs_finding judged[TCPHS_FINDINGS_MAX];
	const struct tcphs_entry *e = entry_at(t, number);
	size_t count;

	memset(summary, 0, sizeof(*summary));
	summary->connection = number;
	summary->stream = e->stream;
	summary->incarnation = e->incarnation;
	summary->encap = e->c.encap;
	summary->first = e->c.first;
	summary->last = e->c.last_ref;
	summary->frames = e->c.frames;
	summary->late = e->c.late;
	summary->start = e->c.start;
	count = tcphs_connection_judge(&e->c, &t->config, e->early ? TCPHS_TIME_NEVER : end, &summary->judgement,
	                               judged);
	summary->judgement.certain |= e->retired;
	describe_endpoints(t, e, summary);
	summary->rtt_server = e->c.rtt_server;
	summary->rtt_client = e->c.rtt_client;
	summary->rtt_total = e->c.rtt_total;
	tcphs_connection_agree(&e->c, memcmp(summary->key.src, mapped, sizeof(mapped)) != 0, summary->offer,
	                       &summary->agreed);
	summary->icmp = e->c.icmp;
	summary->conn_state = tcphs_zeek_conn_state(&e->c.zeek);
	strncpy(summary->history, tcphs_zeek_history(&e->c.zeek), sizeof(summary->history) - 1);
	collect_findings(t, e, judged, count, summary);
}

void tcphs_tracker_summary(struct tcphs_tracker *t, uint32_t connection, tcphs_time end, struct tcphs_summary *summary)
{
	summarise(t, connection, end, summary);
}

bool tcphs_tracker_next(struct tcphs_tracker *t, struct tcphs_summary *summary)
{
	uint32_t number = t->retired_head;
	struct tcphs_entry *e;

	if (number == TCPHS_NONE)
		return false;
	e = entry_at(t, number);
	t->retired_head = e->next;
	if (t->retired_head == TCPHS_NONE)
		t->retired_tail = TCPHS_NONE;
	summarise(t, number, t->now, summary);
	drop_findings(t, e);
	tuple_at(t, e->tuple)->undrained--;
	give_tuple(t, e->tuple);
	tcphs_pool_give(&t->entries, number);
	return true;
}

static int by_stream(const void *a, const void *b)
{
	const struct tcphs_entry *x = *(const struct tcphs_entry *const *)a, *y = *(const struct tcphs_entry *const *)b;

	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return x->incarnation < y->incarnation ? -1 : x->incarnation > y->incarnation;
}

static void finish_tuple(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_tuple *tuple = tuple_at(t, number);

	if (live(t, tuple->previous))
		retire(t, tuple->previous);
	if (live(t, tuple->newest))
		retire(t, tuple->newest);
}

/* Sorts what retired after |tail| by stream; without memory it stays in the order of the table. */
static void sort_retired(struct tcphs_tracker *t, uint32_t tail)
{
	uint32_t *link = tail == TCPHS_NONE ? &t->retired_head : &entry_at(t, tail)->next;
	struct tcphs_entry **list;
	size_t count = 0, i = 0;

	for (uint32_t n = *link; n != TCPHS_NONE; n = entry_at(t, n)->next)
		count++;
	list = count ? malloc(count * sizeof(*list)) : NULL;
	if (!list)
		return;
	for (uint32_t n = *link; n != TCPHS_NONE; n = list[i++]->next) {
		list[i] = entry_at(t, n);
		list[i]->expires_from = n;   /* its number goes along with its address */
	}
	qsort(list, count, sizeof(*list), by_stream);
	for (i = 0; i < count; i++) {
		*link = (uint32_t)list[i]->expires_from;
		link = &list[i]->next;
	}
	*link = TCPHS_NONE;
	t->retired_tail = (uint32_t)list[count - 1]->expires_from;
	free(list);
}

void tcphs_tracker_finish(struct tcphs_tracker *t)
{
	uint32_t tail = t->retired_tail;

	if (t->config.keep)
		return;
	t->finishing = true;
	t->linger_head = t->linger_tail = TCPHS_NONE;
	for (uint32_t slot = 0; slot < t->table_size; slot++) {
		if (t->table[slot] != TCPHS_NONE)
			finish_tuple(t, t->table[slot]);
	}
	sort_retired(t, tail);
}

/* -------------------------------------------------------------------------------------------------- */

int tcphs_tracker_new(struct tcphs_tracker **tracker, const struct tcphs_config *config)
{
	struct tcphs_tracker *t = calloc(1, sizeof(*t));

	*tracker = NULL;
	if (!t)
		return TCPHS_ERR_NOMEM;
	t->config = *config;
	tcphs_pool_init(&t->entries, sizeof(struct tcphs_entry));
	tcphs_pool_init(&t->tuples, sizeof(struct tcphs_tuple));
	tcphs_pool_init(&t->findings, sizeof(struct tcphs_kept));
	t->table_size = 1024;
	t->table = malloc(t->table_size * sizeof(*t->table));
	t->isns = tcphs_isn_new(config);
	if (!t->table || !t->isns) {
		tcphs_tracker_del(t);
		return TCPHS_ERR_NOMEM;
	}
	memset(t->table, 0xff, t->table_size * sizeof(*t->table));
	t->linger_head = t->linger_tail = t->retired_head = t->retired_tail = t->oldest = t->newest = TCPHS_NONE;
	*tracker = t;
	return TCPHS_OK;
}

void tcphs_tracker_del(struct tcphs_tracker *t)
{
	if (!t)
		return;
	tcphs_pool_clear(&t->entries);
	tcphs_pool_clear(&t->tuples);
	tcphs_pool_clear(&t->findings);
	tcphs_isn_del(t->isns);
	free(t->table);
	free(t->scratch);
	free(t);
}

tcphs_time tcphs_tracker_end(const struct tcphs_tracker *t)
{
	return t->now;
}

struct tcphs_isn_table *tcphs_tracker_take_isns(struct tcphs_tracker *t)
{
	struct tcphs_isn_table *isns = t->isns;

	t->isns = NULL;
	return isns;
}
