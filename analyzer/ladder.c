/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder.c - which segments of a connection are kept, and what a line says.
 *
 * Theory of operation. Captures are hostile input and connections are long, so a ladder is bounded and keeps what tells
 * the story of the handshake:
 *
 * - A segment is *routine* if it is data or a bare acknowledgment and moves neither endpoint's state. The first few are
 *   kept, because they show that data passed at all. Of the later ones only the latest waits aside; it becomes a line
 *   when something that is no routine follows, as what came just before it, or when nothing follows at all.
 * - Everything else becomes a line. When the ladder is full, its first part stays, for that is how the connection was
 *   opened, and the last quarter becomes a ring, which always holds what came last: how it ended.
 *
 * What is left out is counted at the next line that is kept. Connections are numbered from 0 without large gaps, and
 * numbers are used again, so the ladders are an array. A ladder grows by doubling: in a flood each has one line.
 */
#include "ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Routine segments that become lines at once. */
#define ROUTINE_LINES 4

struct ladder {
	struct ladder_line waiting;   /* the latest routine segment, if |waits| */
	bool waits;
	uint8_t routine;              /* such lines so far */
	uint32_t skipped;             /* since the last line */
	uint32_t count, room;         /* lines in the array, and how many fit */
	uint32_t ring, oldest;        /* first line of the ring; which of its lines is the oldest, from there */
	struct ladder_line *lines;
};

struct ladders {
	uint32_t limit, ring;         /* lines of a ladder; how many of them are the ring */
	uint32_t size;
	struct ladder **by_number;
};

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct ladders *ladders_new(size_t limit)
{
	struct ladders *ladders = calloc(1, sizeof(*ladders));

	if (ladders) {
		ladders->limit = (uint32_t)limit;
		ladders->ring = (uint32_t)limit / 4;
	}
	return ladders;
}

void ladders_del(struct ladders *ladders)
{
	if (!ladders)
		return;
	for (uint32_t i = 0; i < ladders->size; i++)
		ladder_drop(ladders, i);
	free(ladders->by_number);
	free(ladders);
}

const struct ladder *ladder_of(const struct ladders *ladders, uint32_t connection)
{
	return connection < ladders->size ? ladders->by_number[connection] : NULL;
}

void ladder_drop(struct ladders *ladders, uint32_t connection)
{
	struct ladder *ladder;

	if (connection >= ladders->size || !ladders->by_number[connection])
		return;
	ladder = ladders->by_number[connection];
	ladders->by_number[connection] = NULL;
	free(ladder->lines);
	free(ladder);
}

static bool make_room_for(struct ladders *ladders, uint32_t connection)
{
	uint64_t size = ladders->size ? ladders->size : 64;
	struct ladder **larger;

	while (size <= connection)
		size *= 2;
	if (size > UINT32_MAX)
		return false;
	larger = reallocarray(ladders->by_number, size, sizeof(struct ladder *));
	if (!larger)
		return false;
	memset(larger + ladders->size, 0, (size - ladders->size) * sizeof(struct ladder *));
	ladders->by_number = larger;
	ladders->size = (uint32_t)size;
	return true;
}

/* The ladder of that connection, a new one if need be; NULL without memory. */
static struct ladder *ladder_for(struct ladders *ladders, uint32_t connection)
{
	if (connection >= ladders->size && !make_room_for(ladders, connection))
		return NULL;
	if (!ladders->by_number[connection]) {
		ladders->by_number[connection] = calloc(1, sizeof(struct ladder));
		if (ladders->by_number[connection])
			ladders->by_number[connection]->ring = ladders->limit - ladders->ring;
	}
	return ladders->by_number[connection];
}

/* ---- taking ----------------------------------------------------------------------------------------------------- */

static bool grow(struct ladder *ladder, uint32_t limit)
{
	uint32_t room = ladder->room ? 4 * ladder->room : 2;
	struct ladder_line *larger;

	if (room > limit)
		room = limit;
	larger = reallocarray(ladder->lines, room, sizeof(*larger));
	if (!larger)
		return false;
	ladder->lines = larger;
	ladder->room = room;
	return true;
}

/* The place of the next line; where the ladder is full, that of the ring's oldest, which counts as skipped. */
static struct ladder_line *next_place(const struct ladders *ladders, struct ladder *ladder)
{
	struct ladder_line *ring = ladder->lines + ladder->ring;
	struct ladder_line *place;

	if (ladder->count < ladders->limit)
		return ladder->lines + ladder->count++;
	place = ring + ladder->oldest;
	ladder->oldest = (ladder->oldest + 1) % ladders->ring;
	ring[ladder->oldest].skipped += place->skipped + 1;
	return place;
}

static int keep(const struct ladders *ladders, struct ladder *ladder, const struct ladder_line *line)
{
	struct ladder_line *place;

	if (ladder->count == ladder->room && ladder->count < ladders->limit && !grow(ladder, ladders->limit))
		return TCPHS_ERR_NOMEM;
	place = next_place(ladders, ladder);
	*place = *line;
	place->skipped = ladder->skipped;
	ladder->skipped = 0;
	return TCPHS_OK;
}

static bool is_routine(const struct ladder_line *line)
{
	const struct tcphs_mark *mark = &line->mark;

	if (line->icmp || mark->step)
		return false;
	return (mark->phase == TCPHS_PHASE_DATA || mark->phase == TCPHS_PHASE_PURE_ACK ||
	        mark->phase == TCPHS_PHASE_KEEP_ALIVE) &&
	       mark->before[0] == mark->state[0] && mark->before[1] == mark->state[1];
}

static int take(struct ladders *ladders, const struct ladder_line *line)
{
	struct ladder *ladder = ladder_for(ladders, line->mark.connection);
	int result = TCPHS_OK;

	if (!ladder)
		return TCPHS_ERR_NOMEM;
	if (is_routine(line)) {
		if (ladder->routine < ROUTINE_LINES) {
			ladder->routine++;
			return keep(ladders, ladder, line);
		}
		ladder->skipped += ladder->waits;
		ladder->waiting = *line;
		ladder->waiting.skipped = ladder->skipped;
		ladder->waits = true;
		return TCPHS_OK;
	}
	if (ladder->waits)
		result = keep(ladders, ladder, &ladder->waiting);
	ladder->waits = false;
	return keep(ladders, ladder, line) == TCPHS_OK ? result : TCPHS_ERR_NOMEM;
}

static bool wanted(const struct tcphs_mark *mark)
{
	return mark->connection != TCPHS_NO_CONNECTION && !mark->late;
}

static void fill(struct ladder_line *line, const struct tcphs_segment *segment, const struct tcphs_mark *mark)
{
	memset(line, 0, sizeof(*line));
	line->mark = *mark;
	line->time = segment->time;
	line->frame = segment->ref;
	line->seq = segment->seq;
	line->ack = segment->ack;
	line->length = segment->length;
	line->flags = segment->flags;
	line->window = segment->window;
	line->have = segment->have;
	line->sport = segment->sport;
}

int ladder_take(struct ladders *ladders, const struct tcphs_segment *segment, const struct tcphs_mark *mark)
{
	struct ladder_line line;

	if (!wanted(mark))
		return TCPHS_OK;
	fill(&line, segment, mark);
	return take(ladders, &line);
}

int ladder_take_quote(struct ladders *ladders, const struct tcphs_quote *quote, const struct tcphs_mark *mark)
{
	struct ladder_line line;

	if (!wanted(mark))
		return TCPHS_OK;
	fill(&line, &quote->segment, mark);
	line.icmp = true;
	line.icmpv6 = quote->icmpv6;
	line.icmp_type = quote->type;
	line.icmp_code = quote->code;
	line.sport = quote->key.sport;
	memcpy(line.icmp_sender, quote->sender, sizeof(line.icmp_sender));
	return take(ladders, &line);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

size_t ladder_count(const struct ladder *ladder)
{
	return ladder ? ladder->count + (size_t)ladder->waits : 0;
}

const struct ladder_line *ladder_line(const struct ladder *ladder, size_t index)
{
	if (index >= ladder->count)
		return &ladder->waiting;
	if (index >= ladder->ring)
		index = ladder->ring + (index - ladder->ring + ladder->oldest) % (ladder->count - ladder->ring);
	return ladder->lines + index;
}

bool ladder_from_client(const struct ladder_line *line, const struct tcphs_summary *summary)
{
	if (!line->icmp)
		return line->mark.side == summary->judgement.client;
	if (summary->key.sport != summary->key.dport)
		return line->sport == summary->key.sport;
	return summary->has_isn[TCPHS_CLIENT] && line->seq == summary->isn[TCPHS_CLIENT];
}

int ladder_step(const struct ladder_line *line, const struct tcphs_summary *summary)
{
	for (int step = 0; step < 3; step++)
		if (!line->icmp && summary->judgement.steps[step] == line->frame)
			return step + 1;
	return 0;
}

size_t ladder_finding(const struct ladder_line *line, const struct tcphs_summary *summary, size_t from)
{
	while (from < summary->finding_count && summary->findings[from].at != line->frame)
		from++;
	return from;
}

/* Appends the words of |flags|; returns how long the text is then: all nine fit. */
static size_t put_flags(char *buffer, size_t used, uint16_t flags, const char *between)
{
	/* The order in which people say them. ECN bits come last: what they mean depends on the handshake. */
	static const struct {
		uint16_t flag;
		const char *word;
	} words[] = {
		{ TCPHS_SYN, "SYN" }, { TCPHS_FIN, "FIN" }, { TCPHS_RST, "RST" }, { TCPHS_PSH, "PSH" },
		{ TCPHS_URG, "URG" }, { TCPHS_ACK, "ACK" }, { TCPHS_ECE, "ECE" }, { TCPHS_CWR, "CWR" },
		{ TCPHS_AE, "AE" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(flags & words[i].flag))
			continue;
		used += (size_t)snprintf(buffer + used, LADDER_LABEL - used, "%s%s", used ? between : "",
		                         words[i].word);
	}
	return used;
}

void ladder_label(char buffer[LADDER_LABEL], const struct ladder_line *line)
{
	const uint16_t ecn = TCPHS_ECE | TCPHS_CWR | TCPHS_AE;
	size_t used;

	if (line->icmp) {
		snprintf(buffer, LADDER_LABEL, "%s: %s", line->icmpv6 ? "ICMPv6" : "ICMP",
		         tcphs_icmp_words(line->icmpv6, line->icmp_type, line->icmp_code));
		return;
	}
	snprintf(buffer, LADDER_LABEL, "no flags");
	used = put_flags(buffer, 0, line->flags & (uint16_t)~ecn, "-");
	put_flags(buffer, used, line->flags & ecn, " ");
}

void ladder_arithmetic(char buffer[LADDER_ARITHMETIC], const struct ladder_line *line)
{
	const struct tcphs_segment segment = { .seq = line->seq, .ack = line->ack };

	buffer[0] = '\0';
	if (!line->icmp)
		tcphs_arithmetic_format(buffer, LADDER_ARITHMETIC, &line->mark, &segment);
}
