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
 *
 * A tuple whose connection is no more than a SYN, and one that has no connection any more, are packed (store.h): with
 * config.keep, and where the caller wants a mark, which names the connection by number, they are not. Whatever comes
 * for a packed tuple unpacks it first.
 */
#include <stdlib.h>
#include <string.h>

#include "huge.h"
#include "isn.h"
#include "lone.h"
#include "seq.h"
#include "sip.h"
#include "store.h"

/** The time before all others, and after; see within_reach(). */
#define REACH ((INT64_C(1) << 62) - 1)
#define NEVER_BEGUN (-REACH - 1)
#define NEVER_ENDING REACH

/** Of one connection and one rule, so many findings are kept: a capture may repeat itself for ever. */
#define FINDINGS_PER_RULE 16

/** struct tcphs_ending: a connection that the capture's end retires: an entry, or a tuple of form SYN. */
struct tcphs_ending {
	uint32_t stream, number;
};

/** The first forms are those that have connections. */
#define FORMS_LEFT (TCPHS_SYN6 + 1)

/** struct tcphs_run: some of them, from |at| to |end|. */
struct tcphs_run {
	struct tcphs_ending *at, *end;
};

struct tcphs_tracker {
	struct tcphs_config config;
	struct tcphs_store store;
	uint32_t streams;            /* next stream number */
	uint64_t evicted;            /* connections that had to make room */
	uint32_t linger_head, linger_tail;
	uint32_t retired_head, retired_tail;   /* entries, and tuples of form SYN */
	tcphs_time now;              /* NEVER_BEGUN before the first frame */
	tcphs_time first_ending;     /* expires_from of linger_head, or NEVER_ENDING */
	bool finishing;
	struct tcphs_ending *endings;    /* at the end: what is left */
	struct tcphs_run runs[FORMS_LEFT];   /* ... of each form, by stream */
	enum tcphs_form walk_form;       /* without memory for them: where the walk through what is left has come */
	uint32_t walk;
	struct tcphs_finding *scratch;   /* a summary's findings */
	size_t scratch_size;
	struct tcphs_isn_table *isns;
	struct tcphs_lone_shapes *shapes;    /* NULL without memory for them */
	uint32_t spare_tuple, spare_entry;   /* for packed connections that are asked for when memory is out; or NONE */
};

static struct tcphs_entry *entry_at(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_entry_at(&t->store, number);
}

static struct tcphs_tuple *tuple_at(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_tuple_at(&t->store, number);
}

static struct tcphs_kept *kept_at(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_kept_at(&t->store, number);
}

void tcphs_config_default(struct tcphs_config *config)
{
	*config = (struct tcphs_config){
		.horizon = 3 * TCPHS_SECOND,
		.linger = 60 * TCPHS_SECOND,
		.forget = 0,
		.max_connections = 0,
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

/* Where the list of those retired goes on behind |number|. */
static uint32_t *retired_link(const struct tcphs_tracker *t, uint32_t number)
{
	return tcphs_is_syn(number) ? &tcphs_store_use(&t->store, number)->newer : &entry_at(t, number)->next;
}

static void append_retired(struct tcphs_tracker *t, uint32_t number)
{
	*retired_link(t, number) = TCPHS_NONE;
	*(t->retired_tail != TCPHS_NONE ? retired_link(t, t->retired_tail) : &t->retired_head) = number;
	t->retired_tail = number;
}

/* |end| is when the capture ends for the connection. */
static void retire(struct tcphs_tracker *t, uint32_t number, tcphs_time end)
{
	struct tcphs_entry *e = entry_at(t, number);
	struct tcphs_tuple *tuple = tuple_at(t, e->tuple);

	if (e->retired)
		return;
	e->retired = true;
	e->expires_from = end;
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
	append_retired(t, number);
}

static void append_lingering(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_entry *e = entry_at(t, number);

	e->lingering = true;
	e->next = TCPHS_NONE;
	e->before = t->linger_tail;
	if (t->linger_tail != TCPHS_NONE) {
		entry_at(t, t->linger_tail)->next = number;
	} else {
		t->linger_head = number;
		t->first_ending = e->expires_from;
	}
	t->linger_tail = number;
}

static void stop_lingering(struct tcphs_tracker *t, uint32_t number)
{
	struct tcphs_entry *e = entry_at(t, number);

	if (!e->lingering)
		return;
	e->lingering = false;
	if (e->before != TCPHS_NONE) {
		entry_at(t, e->before)->next = e->next;
	} else {
		t->linger_head = e->next;
		t->first_ending = e->next != TCPHS_NONE ? entry_at(t, e->next)->expires_from : NEVER_ENDING;
	}
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

static void retire_now(struct tcphs_tracker *t, uint32_t number, tcphs_time end)
{
	stop_lingering(t, number);
	retire(t, number, end);
}

static bool live(const struct tcphs_tracker *t, uint32_t number)
{
	return number != TCPHS_NONE && !entry_at(t, number)->retired;
}

/* What would be lost if |connection| were given up; never less than |rank|. */
static enum tcphs_rank rank_with(const struct tcphs_tracker *t, uint32_t connection, enum tcphs_rank rank)
{
	if (!live(t, connection) || rank == TCPHS_RANK_UNDECIDED)
		return rank;
	return tcphs_connection_decided(&entry_at(t, connection)->c, &t->config) ? TCPHS_RANK_DECIDED
	                                                                         : TCPHS_RANK_UNDECIDED;
}

/* A FULL tuple was used, or a connection of it retired. */
static inline void rank(struct tcphs_tracker *t, uint32_t number)
{
	const struct tcphs_tuple *tuple = tuple_at(t, number);

	if (t->config.max_connections == 0 || (tuple->flags & TCPHS_TUPLE_FORGOTTEN))
		return;
	tcphs_store_rank(&t->store, number,
	                 rank_with(t, tuple->previous, rank_with(t, tuple->newest, TCPHS_RANK_SPENT)), t->now);
}

/* An entry that nothing was about for long will be summarised soon. */
static void prefetch_entry(const struct tcphs_tracker *t, uint32_t number)
{
	const char *entry = (const char *)entry_at(t, number);

	for (size_t at = 0; at < t->store.entries.item; at += TCPHS_CACHE_LINE)
		tcphs_prefetch(entry + at);
}

/* ... and its 4-tuple packed. The entry itself was fetched. */
static void prefetch_tuple(const struct tcphs_tracker *t, uint32_t number)
{
	const struct tcphs_entry *e = entry_at(t, number);
	const struct tcphs_tuple *tuple = tuple_at(t, e->tuple);

	tcphs_prefetch(tuple);
	tcphs_prefetch(&tuple->flood_from);
	/* Once the last segment was seen there is no index any more. */
	if (t->store.index.buckets)
		tcphs_index_prefetch(&t->store.index, e->hash);
}

/* What lingers longest is about to retire: one after the other, as captured. */
static void prefetch_lingering(const struct tcphs_tracker *t)
{
	uint32_t next = entry_at(t, t->linger_head)->next;

	if (next == TCPHS_NONE)
		return;
	prefetch_tuple(t, next);
	if (entry_at(t, next)->next != TCPHS_NONE)
		prefetch_entry(t, entry_at(t, next)->next);
}

/* The list is in the order of the endings, so its head is the next to go. */
static void expire_lingering(struct tcphs_tracker *t)
{
	while (t->linger_head != TCPHS_NONE && t->now - t->first_ending > t->config.linger) {
		uint32_t tuple = entry_at(t, t->linger_head)->tuple;

		prefetch_lingering(t);
		retire_now(t, t->linger_head, TCPHS_TIME_NEVER);
		rank(t, tuple);
	}
}

/* A tuple without a connection is given back if it was forgotten, else packed. Retired connections name their tuple
 * until they are drained. */
static inline void settle(struct tcphs_tracker *t, uint32_t number)
{
	const struct tcphs_tuple *tuple = tuple_at(t, number);

	if (tuple->newest != TCPHS_NONE || t->config.keep || tuple->undrained > 0 || tuple->previous != TCPHS_NONE)
		return;
	if (tuple->flags & TCPHS_TUPLE_FORGOTTEN)
		tcphs_store_give(&t->store, number);
	else if (!t->finishing)
		tcphs_store_pack(&t->store, number);
}

/* Gives a tuple up; its connections retire, and |end| is when the capture ends for them. */
static void forget(struct tcphs_tracker *t, uint32_t number, tcphs_time end)
{
	struct tcphs_tuple *tuple;

	tcphs_store_unused(&t->store, number);
	tcphs_store_hide(&t->store, number);
	if (tcphs_is_syn(number)) {
		tcphs_store_use(&t->store, number)->used = end;
		append_retired(t, number);
		return;
	}
	if (tcphs_form_of(number) != TCPHS_FULL) {
		tcphs_store_give(&t->store, number);
		return;
	}
	tuple = tuple_at(t, number);
	if (tuple->previous != TCPHS_NONE)
		retire_now(t, tuple->previous, end);
	if (tuple->newest != TCPHS_NONE)
		retire_now(t, tuple->newest, end);
	tuple->flags |= TCPHS_TUPLE_FORGOTTEN;
	settle(t, number);
}

static void forget_idle(struct tcphs_tracker *t)
{
	const struct tcphs_store *store = &t->store;

	for (unsigned rank = 0; rank < TCPHS_RANKS; rank++) {
		const uint32_t *oldest = &store->oldest[rank];

		while (*oldest != TCPHS_NONE && t->now - tcphs_store_use(store, *oldest)->used > t->config.forget)
			forget(t, *oldest, TCPHS_TIME_NEVER);
	}
}

/* How many connections of a tuple live. */
static unsigned living(const struct tcphs_tracker *t, uint32_t number)
{
	const struct tcphs_tuple *tuple;

	if (tcphs_form_of(number) != TCPHS_FULL)
		return tcphs_is_syn(number);
	tuple = tuple_at(t, number);
	return (unsigned)live(t, tuple->newest) + live(t, tuple->previous);
}

/* Before a tuple is added. What is given up in vain would have been answered later, so it is judged as if the capture
 * ended: nobody is to be blamed for that. */
static void make_room(struct tcphs_tracker *t)
{
	if (t->config.max_connections == 0)
		return;
	while (t->store.in_order >= t->config.max_connections) {
		uint32_t number = tcphs_store_dispensable(&t->store);

		t->evicted += living(t, number);
		forget(t, number, t->now);
	}
}

/* Times are subtracted from each other: from 1823 to 2116 that cannot overflow, beyond it they stand still. */
static tcphs_time within_reach(tcphs_time time)
{
	return time > REACH ? REACH : time < -REACH ? -REACH : time;
}

/* |time| is within reach. Most frames are a little later than the one before, and nothing is due. */
static inline void pass(struct tcphs_tracker *t, tcphs_time time)
{
	if (time <= t->now)
		return;
	t->now = time;
	if (time - t->first_ending > t->config.linger)
		expire_lingering(t);
	if (t->config.forget > 0)
		forget_idle(t);
}

void tcphs_tracker_frame(struct tcphs_tracker *t, tcphs_time time)
{
	pass(t, within_reach(time));
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
		number = tcphs_pool_take(&t->store.findings);
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

		tcphs_pool_give(&t->store.findings, n);
		n = next;
	}
	e->findings = e->last_finding = TCPHS_NONE;
}

/* ---- segments ------------------------------------------------------------------------------------ */

static enum tcphs_side side_of(const struct tcphs_entry *e, unsigned direction)
{
	return (enum tcphs_side)(direction ^ e->first_direction);
}

/* The newest connection becomes the predecessor of one that is opened by |s|. */
static void step_back(struct tcphs_tracker *t, struct tcphs_tuple *tuple, unsigned direction,
                      const struct tcphs_segment *s)
{
	struct tcphs_entry *e;

	if (tuple->previous != TCPHS_NONE)
		retire_now(t, tuple->previous, TCPHS_TIME_NEVER);
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
	uint32_t number = tcphs_pool_take_zeroed(&t->store.entries);
	struct tcphs_entry *e;

	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	e = entry_at(t, number);
	tcphs_connection_begin(&e->c);
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
	e->hash = tuple->hash;
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

/* What a host did with an ISN; its direction and the 4-tuple, by its hash, make the sample's identity. */
static struct tcphs_isn isn_of(const uint8_t *host, uint32_t hash, unsigned direction, uint32_t isn, tcphs_time time,
                               tcphs_ref ref)
{
	return (struct tcphs_isn){ .host = host, .tuple = hash << 1 | direction, .isn = isn, .time = time, .ref = ref };
}

static const uint8_t *host_of(const struct tcphs_tuple *tuple, unsigned direction)
{
	return direction ? tuple->high : tuple->low;
}

static void keep_repeat(struct tcphs_tracker *t, struct tcphs_entry *e, unsigned direction, tcphs_ref at,
                        const struct tcphs_isn_repeat *repeat)
{
	struct tcphs_finding found;
	size_t count = 0;

	tcphs_raise(&found, &count, TCPHS_RULE_ISN_REPEATED, side_of(e, direction), at, repeat->first);
	found.numbers = 1;
	found.expected = repeat->completed;
	found.actual = repeat->connections;
	keep_findings(t, e, &found, count);
}

/* A SYN or SYN-ACK with a number that its side did not have in this connection. */
static void note_isn_sent(struct tcphs_tracker *t, struct tcphs_entry *e, unsigned direction,
                          const struct tcphs_segment *s)
{
	const struct tcphs_tuple *tuple = tuple_at(t, e->tuple);
	const struct tcphs_isn isn =
		isn_of(host_of(tuple, direction), tuple->hash, direction, s->seq, s->time, s->ref);
	struct tcphs_isn_repeat repeat;

	if (tcphs_isn_sent(t->isns, &isn, &repeat))
		keep_repeat(t, e, direction, s->ref, &repeat);
}

/* The connection has opened: its ISNs count as used, where they were captured. */
static void note_isns_completed(struct tcphs_tracker *t, struct tcphs_entry *e, const struct tcphs_segment *s)
{
	const struct tcphs_tuple *tuple = tuple_at(t, e->tuple);

	for (unsigned direction = 0; direction < 2; direction++) {
		const struct tcphs_endpoint *own = &e->c.side[side_of(e, direction)];
		uint32_t after = own->did & TCPHS_DID_SYN ? own->syn_try[0] : own->synack_try[0];
		tcphs_time time = e->c.start + (tcphs_time)after * 1000;
		const struct tcphs_isn isn =
			isn_of(host_of(tuple, direction), tuple->hash, direction, own->isn, time, s->ref);
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

/* What the segment is to its connection alone. */
static void update(struct tcphs_tracker *t, struct tcphs_entry *e, const struct tcphs_key *key, unsigned direction,
                   const struct tcphs_segment *s, enum tcphs_event event, struct tcphs_mark *mark)
{
	struct tcphs_finding found[2 * TCPHS_FINDINGS_MAX];
	enum tcphs_side side = side_of(e, direction);
	size_t count = event == TCPHS_EV_DUPLICATE ? 0 : tcphs_checks(&t->config, key, s, side, found);

	if (e->c.stage == TCPHS_STAGE_NEW)
		note_flaw(&e->c, found, count);
	count += tcphs_connection_update(&e->c, &t->config, side, s, event, mark, found + count);
	keep_findings(t, e, found, count);
}

static void take(struct tcphs_tracker *t, uint32_t number, const struct tcphs_key *key, unsigned direction,
                 const struct tcphs_segment *s, enum tcphs_event event, struct tcphs_mark *mark)
{
	struct tcphs_entry *e = entry_at(t, number);
	struct tcphs_tuple *tuple = tuple_at(t, e->tuple);
	bool was_open = tcphs_connection_open(&e->c);

	update(t, e, key, direction, s, event, mark);
	if (mark)
		mark->connection = number;
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
	if (tuple->newest != TCPHS_NONE)
		entry_at(t, tuple->newest)->c.late++;
	if (!mark)
		return TCPHS_OK;
	mark->late = 1;
	if (tuple->newest != TCPHS_NONE)
		mark->connection = tuple->newest;
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

	if (mark)
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

static void no_mark(struct tcphs_mark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->connection = TCPHS_NO_CONNECTION;
	mark->stream = TCPHS_NONE;
}

/* ---- packed tuples ------------------------------------------------------------------------------- */

/* Works out again what a packed SYN made of its connection: a FULL tuple that cannot be looked up, and its newest
 * connection. NONE without memory. */
static uint32_t replay(struct tcphs_tracker *t, uint32_t packed)
{
	struct tcphs_key key;
	struct tcphs_place place;
	struct tcphs_segment syn;
	struct tcphs_entry *e;
	uint32_t stream, number, entry;

	tcphs_store_read_syn(&t->store, packed, &key, &place, &stream, &syn);
	number = tcphs_store_new(&t->store, &place);
	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	tuple_at(t, number)->stream = stream;
	note_bases(tuple_at(t, number), place.direction, &syn);
	entry = open_connection(t, number, place.direction, &syn);
	if (entry == TCPHS_NONE) {
		tcphs_store_give(&t->store, number);
		return TCPHS_NONE;
	}
	e = entry_at(t, entry);
	update(t, e, &key, place.direction, &syn, tcphs_classify(&e->c, &t->config, TCPHS_SIDE_FIRST, &syn), NULL);
	return number;
}

/* The FULL form of a packed tuple that is in the table; NONE without memory. */
static uint32_t unpack(struct tcphs_tracker *t, uint32_t number)
{
	uint32_t full;

	if (!tcphs_is_syn(number))
		return tcphs_store_unpack(&t->store, number);
	full = replay(t, number);
	if (full != TCPHS_NONE)
		tcphs_store_replace(&t->store, tuple_at(t, full)->hash, number, full);
	return full;
}

/* Something is about the tuple that was looked up as |number|: its FULL form, a new one if there was none; NONE without
 * memory. */
static uint32_t begin_use(struct tcphs_tracker *t, const struct tcphs_place *place, uint32_t number)
{
	if (number == TCPHS_NONE)
		number = tcphs_store_add(&t->store, place);
	else if (tcphs_form_of(number) != TCPHS_FULL)
		number = unpack(t, number);
	if (number != TCPHS_NONE)
		tcphs_store_used(&t->store, number, t->now);
	return number;
}

static void end_use(struct tcphs_tracker *t, uint32_t number)
{
	rank(t, number);
	settle(t, number);
}

/* A SYN that is the first segment of its tuple is kept as such. @return whether it was. */
static bool pack(struct tcphs_tracker *t, const struct tcphs_place *place, const struct tcphs_segment *s)
{
	const uint8_t *host = place->key->src;
	const struct tcphs_isn isn = isn_of(host, place->hash, place->direction, s->seq, s->time, s->ref);
	struct tcphs_isn_repeat repeat;
	uint32_t number;

	if (t->config.keep || (s->flags & (TCPHS_SYN | TCPHS_ACK | TCPHS_RST | TCPHS_FIN)) != TCPHS_SYN)
		return false;
	number = tcphs_store_add_syn(&t->store, place, t->streams, s, tcphs_checks_pass(&t->config, place->key, s));
	if (number == TCPHS_NONE)
		return false;
	t->streams++;
	tcphs_store_used(&t->store, number, t->now);
	if (!tcphs_isn_sent(t->isns, &isn, &repeat))
		return true;
	number = unpack(t, number);
	if (number != TCPHS_NONE)
		keep_repeat(t, entry_at(t, tuple_at(t, number)->newest), place->direction, s->ref, &repeat);
	return true;
}

/* ---- what the caller brings ---------------------------------------------------------------------- */

/* A segment of a connection that is being closed was taken in. */
__attribute__((noinline)) static void note_closing(struct tcphs_tracker *t, uint32_t number, struct tcphs_tuple *tuple,
                                                   const struct tcphs_segment *s)
{
	if (s->flags & TCPHS_FIN)
		tuple->flags |= TCPHS_TUPLE_ENDED;
	note_ending(t, tuple->newest);
	end_use(t, number);
}

/*
 * Most segments: those of a connection that is open, of which nothing can be told. Gives the same as what follows.
 * |tuple| is FULL, or NULL.
 * @return whether it was one.
 */
static inline __attribute__((always_inline)) bool
goes_on(struct tcphs_tracker *t, uint32_t number, struct tcphs_tuple *tuple, const struct tcphs_place *place,
        const struct tcphs_segment *s, struct tcphs_mark *mark)
{
	const uint8_t bases = TCPHS_TUPLE_BASE_LOW | TCPHS_TUPLE_BASE_HIGH;
	struct tcphs_entry *e;
	enum tcphs_side side;

	if (!tuple || (tuple->flags & bases) != bases || !live(t, tuple->newest))
		return false;
	e = entry_at(t, tuple->newest);
	side = side_of(e, place->direction);
	if (mark ? !tcphs_connection_goes_on_marked(&e->c, &t->config, side, s, mark)
	         : !tcphs_connection_goes_on(&e->c, &t->config, side, s))
		return false;
	if (mark) {
		mark->connection = tuple->newest;
		mark->stream = tuple->stream;
	}
	tcphs_store_used(&t->store, number, t->now);
	if (tcphs_connection_closing(&e->c))
		note_closing(t, number, tuple, s);
	return true;
}

/* Apart: whoever wants no marks need not have room for them. */
__attribute__((noinline, nonnull(1, 4, 5, 6))) static bool
goes_on_marked(struct tcphs_tracker *t, uint32_t number, struct tcphs_tuple *tuple, const struct tcphs_place *place,
               const struct tcphs_segment *s, struct tcphs_mark *mark)
{
	return goes_on(t, number, tuple, place, s, mark);
}

static void note_cut(struct tcphs_tracker *t, uint32_t number)
{
	if (tcphs_is_syn(number))
		number = unpack(t, number);
	if (tcphs_form_of(number) == TCPHS_FULL && live(t, tuple_at(t, number)->newest))
		tcphs_connection_cut(&entry_at(t, tuple_at(t, number)->newest)->c);
}

int tcphs_tracker_segment_at(struct tcphs_tracker *t, const struct tcphs_place *place,
                             const struct tcphs_segment *segment, struct tcphs_mark *mark)
{
	struct tcphs_segment moved;
	struct tcphs_tuple *tuple;
	uint32_t number;
	int result;

	if (segment->time != within_reach(segment->time)) {
		moved = *segment;
		moved.time = within_reach(segment->time);
		segment = &moved;
	}
	pass(t, segment->time);
	number = tcphs_store_look_up(&t->store, place, &tuple);
	if (!mark && goes_on(t, number, tuple, place, segment, NULL))
		return TCPHS_OK;
	if (mark) {
		no_mark(mark);
		if (goes_on_marked(t, number, tuple, place, segment, mark))
			return TCPHS_OK;
	}
	if (!(segment->have & TCPHS_HAVE_HEADER)) {
		note_cut(t, number);
		return TCPHS_OK;
	}
	if (number == TCPHS_NONE)
		make_room(t);
	if (number == TCPHS_NONE && !mark && pack(t, place, segment))
		return TCPHS_OK;
	number = begin_use(t, place, number);
	if (number == TCPHS_NONE)
		return TCPHS_ERR_NOMEM;
	result = dispatch(t, number, place->key, place->direction, segment, mark);
	end_use(t, number);
	return result;
}

int tcphs_tracker_segment(struct tcphs_tracker *t, const struct tcphs_key *key, const struct tcphs_segment *segment,
                          struct tcphs_mark *mark)
{
	struct tcphs_place place;

	tcphs_store_place(&t->store, key, &place);
	return tcphs_tracker_segment_at(t, &place, segment, mark);
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
	struct tcphs_place place;
	struct tcphs_mark unwanted;
	bool whole = quote->segment.have & TCPHS_HAVE_HEADER;
	uint32_t number;

	mark = mark ? mark : &unwanted;
	tcphs_store_place(&t->store, &quote->key, &place);
	no_mark(mark);
	tcphs_tracker_frame(t, quote->segment.time);
	number = tcphs_store_find(&t->store, &place);
	if (number == TCPHS_NONE && !whole)
		return TCPHS_OK;
	if (number == TCPHS_NONE)
		make_room(t);
	number = begin_use(t, &place, number);
	if (number == TCPHS_NONE)
		return TCPHS_ERR_NOMEM;
	if (whole)
		number_stream(t, tuple_at(t, number), place.direction, &quote->segment);
	mark->stream = tuple_at(t, number)->stream;
	quote_for(t, tuple_at(t, number), place.direction, quote, mark);
	end_use(t, number);
	return TCPHS_OK;
}

void tcphs_tracker_place(const struct tcphs_tracker *t, const struct tcphs_key *key, struct tcphs_place *place)
{
	tcphs_store_place(&t->store, key, place);
	tcphs_index_prefetch(&t->store.index, place->hash);
}

void tcphs_tracker_prefetch(const struct tcphs_tracker *t, struct tcphs_place *place, unsigned round)
{
	const struct tcphs_tuple *tuple = place->there;

	if (round == 0)
		tcphs_store_prefetch(&t->store, place);
	/* A SYN, or the answer to one. */
	if (place->seen == TCPHS_NONE || tcphs_form_of(place->seen) != TCPHS_FULL)
		tcphs_isn_prefetch(t->isns, place->key->src, round);
	else if (round > 0 && tuple->newest != TCPHS_NONE)
		tcphs_entry_prefetch(entry_at(t, tuple->newest), &t->config);
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
	summary->findings = NULL;
	summary->finding_count = 0;
	if (count == 0 || !room_for(t, count))
		return;
	if (judged_count > 0)
		memcpy(t->scratch, judged, judged_count * sizeof(*judged));
	count = judged_count;
	for (uint32_t n = e->findings; n != TCPHS_NONE; n = kept_at(t, n)->next)
		t->scratch[count++] = kept_at(t, n)->finding;
	if (count > 1)
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
	summary->key.sport = (uint16_t)(client_low ? tuple->ports >> 16 : tuple->ports);
	summary->key.dport = (uint16_t)(client_low ? tuple->ports : tuple->ports >> 16);
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

static void describe_for_zeek(const struct tcphs_tracker *t, struct tcphs_entry *e, struct tcphs_summary *summary)
{
	const struct tcphs_zeek *zeek;

	summary->conn_state = "OTH";
	if (!t->config.zeek)
		return;
	zeek = tcphs_connection_zeek(&e->c);
	summary->conn_state = tcphs_zeek_conn_state(zeek);
	strncpy(summary->history, tcphs_zeek_history(zeek), sizeof(summary->history) - 1);
}

/* What there is to be found out; the rest of a summary is description. */
static void judge(struct tcphs_tracker *t, const struct tcphs_entry *e, tcphs_time end, struct tcphs_summary *summary)
{
	struct tcphs_finding judged[TCPHS_FINDINGS_MAX];
	size_t count = tcphs_connection_judge(&e->c, &t->config, e->retired ? e->expires_from : end,
	                                      &summary->judgement, judged);

	summary->judgement.certain |= e->retired;
	collect_findings(t, e, judged, count, summary);
}

static void summarise(struct tcphs_tracker *t, uint32_t number, tcphs_time end, struct tcphs_summary *summary)
{
	struct tcphs_entry *e = entry_at(t, number);

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
	judge(t, e, end, summary);
	describe_endpoints(t, e, summary);
	summary->rtt_server = e->c.rtt_server;
	summary->rtt_client = e->c.rtt_client;
	summary->rtt_total = e->c.rtt_total;
	tcphs_connection_agree(&e->c, !tcphs_is_ipv4(summary->key.src), summary->offer, &summary->agreed);
	summary->icmp = e->c.icmp;
	describe_for_zeek(t, e, summary);
}

void tcphs_tracker_summary(struct tcphs_tracker *t, uint32_t connection, tcphs_time end, struct tcphs_summary *summary)
{
	summarise(t, connection, end, summary);
}

void tcphs_tracker_certain(struct tcphs_tracker *t, uint32_t connection, tcphs_time end, struct tcphs_summary *summary)
{
	const struct tcphs_entry *e = entry_at(t, connection);

	if (!e->retired && tcphs_connection_undecided(&e->c, &summary->judgement))
		collect_findings(t, e, NULL, 0, summary);
	else
		judge(t, e, end, summary);
}

/* The next one retired before the capture's end: an entry or a tuple of form SYN; NONE if there is none now. */
static uint32_t next_retired(struct tcphs_tracker *t)
{
	uint32_t number = t->retired_head;

	if (number == TCPHS_NONE)
		return TCPHS_NONE;
	t->retired_head = *retired_link(t, number);
	if (t->retired_head == TCPHS_NONE)
		t->retired_tail = TCPHS_NONE;
	return number;
}

/* The entry of a retired connection that is packed, made again; NONE without memory. The capture ends at |end|. */
static uint32_t bring_back(struct tcphs_tracker *t, uint32_t number, tcphs_time end)
{
	uint32_t tuple = replay(t, number), entry;

	if (tuple == TCPHS_NONE && t->spare_tuple != TCPHS_NONE) {
		tcphs_store_give(&t->store, t->spare_tuple);
		tcphs_pool_give(&t->store.entries, t->spare_entry);
		t->spare_tuple = TCPHS_NONE;
		tuple = replay(t, number);
	}
	tcphs_store_give(&t->store, number);
	if (tuple == TCPHS_NONE)
		return TCPHS_NONE;
	entry = tuple_at(t, tuple)->newest;
	entry_at(t, entry)->retired = true;
	entry_at(t, entry)->expires_from = end;
	tuple_at(t, tuple)->newest = TCPHS_NONE;
	tuple_at(t, tuple)->undrained = 1;
	tuple_at(t, tuple)->flags |= TCPHS_TUPLE_FORGOTTEN;
	return entry;
}

/* The summary of a retired entry, which is no more then. */
static void summarise_entry(struct tcphs_tracker *t, uint32_t entry, struct tcphs_summary *summary)
{
	struct tcphs_entry *e = entry_at(t, entry);

	summarise(t, entry, t->now, summary);
	drop_findings(t, e);
	tuple_at(t, e->tuple)->undrained--;
	settle(t, e->tuple);
	tcphs_pool_give(&t->store.entries, entry);
}

/* The same of a packed SYN, for which the capture ends at |end|; the long way only if none of its shape was met. False
 * without memory for that. */
static bool summarise_syn(struct tcphs_tracker *t, uint32_t number, tcphs_time end, struct tcphs_summary *summary)
{
	struct tcphs_lone lone = { .end = end };
	uint32_t entry;

	lone.syn = *tcphs_store_syn(&t->store, number, &lone.key, &lone.stream);
	if (t->shapes && tcphs_lone_summary(t->shapes, &t->config, &lone, summary)) {
		tcphs_store_give(&t->store, number);
		return true;
	}
	entry = bring_back(t, number, end);
	if (entry == TCPHS_NONE)
		return false;
	summarise_entry(t, entry, summary);
	if (t->shapes)
		tcphs_lone_keep(t->shapes, &t->config, &lone, summary);
	return true;
}

static uint32_t next_ending(struct tcphs_tracker *t);

bool tcphs_tracker_next(struct tcphs_tracker *t, struct tcphs_summary *summary)
{
	tcphs_time end;
	uint32_t number;

	do {
		end = t->now;
		number = next_retired(t);
		if (number != TCPHS_NONE && tcphs_is_syn(number))
			end = tcphs_store_use(&t->store, number)->used;
		if (number == TCPHS_NONE && t->finishing)
			number = next_ending(t);
		if (number == TCPHS_NONE)
			return false;
		if (!tcphs_is_syn(number)) {
			summarise_entry(t, number, summary);
			return true;
		}
	} while (!summarise_syn(t, number, end, summary));
	return true;
}

/* ---- the capture's end --------------------------------------------------------------------------- */

/* The connections left of a tuple, the older one first. @return how many. */
static size_t endings_of(const struct tcphs_tracker *t, uint32_t number, struct tcphs_ending ending[2])
{
	uint32_t left[2];
	size_t count = 0;

	if (tcphs_is_syn(number)) {
		ending[0] = (struct tcphs_ending){ tcphs_store_stream(&t->store, number), number };
		return 1;
	}
	left[0] = tuple_at(t, number)->previous;
	left[1] = tuple_at(t, number)->newest;
	for (unsigned i = 0; i < 2; i++) {
		if (left[i] != TCPHS_NONE)
			ending[count++] = (struct tcphs_ending){ entry_at(t, left[i])->stream, left[i] };
	}
	return count;
}

/* What is left of that form goes into |endings| unless that is NULL. @return how many. */
static size_t collect(const struct tcphs_tracker *t, enum tcphs_form form, struct tcphs_ending *endings)
{
	struct tcphs_ending unwanted[2];
	size_t count = 0;

	for (uint32_t n = tcphs_store_walk(&t->store, form, 0); n != TCPHS_NONE;
	     n = tcphs_store_walk(&t->store, form, n + 1))
		count += endings_of(t, n, endings ? &endings[count] : unwanted);
	return count;
}

static int by_stream(const void *a, const void *b)
{
	const struct tcphs_ending *x = a, *y = b;

	return x->stream < y->stream ? -1 : x->stream > y->stream;
}

/* In the order of the pool most are in order. */
static void sort_run(const struct tcphs_tracker *t, const struct tcphs_run *run)
{
	struct tcphs_ending *e = run->at;
	size_t i = 1, count = (size_t)(run->end - run->at);

	while (i < count && e[i - 1].stream < e[i].stream)
		i++;
	if (i >= count)
		return;
	qsort(e, count, sizeof(*e), by_stream);
	/* A stream has no more than two of them, and these are entries. */
	for (i = 1; i < count; i++) {
		if (e[i - 1].stream == e[i].stream &&
		    entry_at(t, e[i - 1].number)->incarnation > entry_at(t, e[i].number)->incarnation) {
			struct tcphs_ending older = e[i];

			e[i] = e[i - 1];
			e[i - 1] = older;
		}
	}
}

/* Lists what is left; without memory for that the list is empty, and a walk finds it. */
static void list_endings(struct tcphs_tracker *t)
{
	struct tcphs_ending *at;
	size_t counts[FORMS_LEFT], all = 0;

	for (unsigned form = 0; form < FORMS_LEFT; form++)
		all += counts[form] = collect(t, (enum tcphs_form)form, NULL);
	t->endings = at = malloc(all * sizeof(*at) + 1);
	if (!at)
		return;
	for (unsigned form = 0; form < FORMS_LEFT; form++) {
		struct tcphs_run *run = &t->runs[form];

		*run = (struct tcphs_run){ at, at + counts[form] };
		collect(t, (enum tcphs_form)form, run->at);
		sort_run(t, run);
		at = run->end;
	}
}

/* The listed one with the lowest stream, or NONE after the last. */
static uint32_t next_listed(struct tcphs_tracker *t)
{
	struct tcphs_run *lowest = NULL;

	for (unsigned form = 0; form < FORMS_LEFT; form++) {
		struct tcphs_run *run = &t->runs[form];

		if (run->at != run->end && (!lowest || run->at->stream < lowest->at->stream))
			lowest = run;
	}
	if (!lowest)
		return TCPHS_NONE;
	if (lowest == &t->runs[TCPHS_FULL] && lowest->end - lowest->at > 2) {
		prefetch_tuple(t, lowest->at[1].number);
		prefetch_entry(t, lowest->at[2].number);
	}
	return lowest->at++->number;
}

/* Without memory for a list: the next one in the order of the pools. */
static uint32_t walk_on(struct tcphs_tracker *t)
{
	struct tcphs_ending found[2];

	while (t->walk_form != TCPHS_FULL) {
		uint32_t number = tcphs_store_walk(&t->store, t->walk_form, t->walk);

		t->walk = number + 1;
		if (number != TCPHS_NONE)
			return number;
		t->walk_form = t->walk_form == TCPHS_SYN4 ? TCPHS_SYN6 : TCPHS_FULL;
		t->walk = 0;
	}
	for (;;) {
		t->walk = tcphs_store_walk(&t->store, TCPHS_FULL, t->walk);
		if (t->walk == TCPHS_NONE)
			return TCPHS_NONE;
		if (endings_of(t, t->walk, found) > 0)
			return found[0].number;
		t->walk++;
	}
}

/* The next connection that the capture's end retires: an entry or a tuple of form SYN; NONE after the last. */
static uint32_t next_ending(struct tcphs_tracker *t)
{
	uint32_t number;
	struct tcphs_tuple *tuple;

	number = t->endings ? next_listed(t) : walk_on(t);
	if (number == TCPHS_NONE || tcphs_is_syn(number))
		return number;
	entry_at(t, number)->retired = true;
	entry_at(t, number)->expires_from = t->now;
	tuple = tuple_at(t, entry_at(t, number)->tuple);
	*(tuple->newest == number ? &tuple->newest : &tuple->previous) = TCPHS_NONE;
	tuple->undrained++;
	return number;
}

void tcphs_tracker_finish(struct tcphs_tracker *t)
{
	if (t->config.keep || t->finishing)
		return;
	t->finishing = true;
	t->linger_head = t->linger_tail = TCPHS_NONE;
	t->first_ending = NEVER_ENDING;
	t->walk_form = TCPHS_SYN4;
	tcphs_store_close(&t->store);
	list_endings(t);
}

/* -------------------------------------------------------------------------------------------------- */

static bool reserve(struct tcphs_tracker *t)
{
	static const struct tcphs_key none;
	struct tcphs_place place;

	tcphs_store_place(&t->store, &none, &place);
	t->spare_tuple = tcphs_store_new(&t->store, &place);
	t->spare_entry = tcphs_pool_take(&t->store.entries);
	return t->spare_tuple != TCPHS_NONE && t->spare_entry != TCPHS_NONE;
}

int tcphs_tracker_new(struct tcphs_tracker **tracker, const struct tcphs_config *config)
{
	struct tcphs_tracker *t = calloc(1, sizeof(*t));

	*tracker = NULL;
	if (!t)
		return TCPHS_ERR_NOMEM;
	t->config = *config;
	if (config->keep)
		t->config.forget = t->config.max_connections = 0;
	t->linger_head = t->linger_tail = t->retired_head = t->retired_tail = TCPHS_NONE;
	t->now = NEVER_BEGUN;
	t->first_ending = NEVER_ENDING;
	t->isns = tcphs_isn_new(config);
	t->shapes = config->keep ? NULL : calloc(1, sizeof(*t->shapes));
	if (!tcphs_store_init(&t->store, &t->config) || !t->isns || (!config->keep && !reserve(t))) {
		tcphs_tracker_del(t);
		return TCPHS_ERR_NOMEM;
	}
	*tracker = t;
	return TCPHS_OK;
}

void tcphs_tracker_del(struct tcphs_tracker *t)
{
	if (!t)
		return;
	tcphs_store_clear(&t->store);
	tcphs_isn_del(t->isns);
	free(t->shapes);
	free(t->endings);
	free(t->scratch);
	free(t);
}

uint64_t tcphs_tracker_evicted(const struct tcphs_tracker *t)
{
	return t->evicted;
}

tcphs_time tcphs_tracker_end(const struct tcphs_tracker *t)
{
	return t->now == NEVER_BEGUN ? 0 : t->now;
}

struct tcphs_isn_table *tcphs_tracker_take_isns(struct tcphs_tracker *t)
{
	struct tcphs_isn_table *isns = t->isns;

	t->isns = NULL;
	return isns;
}
