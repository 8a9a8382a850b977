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

#include <inttypes.h>
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
	size_t left;                  /* octets of the budget */
	uint32_t size;
	struct ladder **by_number;
};

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct ladders *ladders_new(size_t limit, size_t budget)
{
	struct ladders *ladders = calloc(1, sizeof(*ladders));

	if (ladders) {
		ladders->limit = (uint32_t)limit;
		ladders->ring = (uint32_t)limit / 4;
		ladders->left = budget;
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
	ladders->left += sizeof(*ladder) + ladder->room * sizeof(*ladder->lines);
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

/* Takes that much from the budget, if it is there. */
static bool spend(struct ladders *ladders, size_t octets)
{
	if (octets > ladders->left)
		return false;
	ladders->left -= octets;
	return true;
}

/* The ladder of that connection, a new one if need be. *ladder* is NULL where the budget has nothing left for it. */
static int ladder_for(struct ladders *ladders, uint32_t connection, struct ladder **ladder)
{
	*ladder = NULL;
	if (connection < ladders->size && ladders->by_number[connection]) {
		*ladder = ladders->by_number[connection];
		return TCPHS_OK;
	}
	if (!spend(ladders, sizeof(**ladder)))
		return TCPHS_OK;
	if (connection < ladders->size || make_room_for(ladders, connection))
		*ladder = calloc(1, sizeof(**ladder));
	if (!*ladder) {
		ladders->left += sizeof(**ladder);
		return TCPHS_ERR_NOMEM;
	}
	(*ladder)->ring = ladders->limit - ladders->ring;
	ladders->by_number[connection] = *ladder;
	return TCPHS_OK;
}

/* ---- taking ----------------------------------------------------------------------------------------------------- */

/* Makes room for another line, where the budget has it: else the ladder stays as it is. */
static int grow(struct ladders *ladders, struct ladder *ladder)
{
	uint32_t room = ladder->room ? 4 * ladder->room : 2;
	struct ladder_line *larger;
	size_t octets;

	if (room > ladders->limit)
		room = ladders->limit;
	octets = (room - ladder->room) * sizeof(*larger);
	if (!spend(ladders, octets))
		return TCPHS_OK;
	larger = reallocarray(ladder->lines, room, sizeof(*larger));
	if (!larger) {
		ladders->left += octets;
		return TCPHS_ERR_NOMEM;
	}
	ladder->lines = larger;
	ladder->room = room;
	return TCPHS_OK;
}

/*
 * The place of the next line. Where the ladder is full, that of the ring's oldest; where it may not grow, that of the
 * last line. *skipped* is what was there and is lost; the ring counts its own.
 */
static struct ladder_line *next_place(const struct ladders *ladders, struct ladder *ladder, uint32_t *skipped)
{
	struct ladder_line *ring = ladder->lines + ladder->ring;
	struct ladder_line *place;

	*skipped = 0;
	if (ladder->count < ladder->room)
		return ladder->lines + ladder->count++;
	if (ladder->count < ladders->limit) {
		place = ladder->lines + ladder->count - 1;
		*skipped = place->skipped + 1;
		return place;
	}
	place = ring + ladder->oldest;
	ladder->oldest = (ladder->oldest + 1) % ladders->ring;
	ring[ladder->oldest].skipped += place->skipped + 1;
	return place;
}

static int keep(struct ladders *ladders, struct ladder *ladder, const struct ladder_line *line)
{
	struct ladder_line *place;
	uint32_t skipped;

	if (ladder->count == ladder->room && ladder->count < ladders->limit && grow(ladders, ladder) != TCPHS_OK)
		return TCPHS_ERR_NOMEM;
	if (!ladder->room) {   /* the budget had something for the ladder, but nothing for its first line */
		ladder->skipped++;
		return TCPHS_OK;
	}
	place = next_place(ladders, ladder, &skipped);
	*place = *line;
	place->skipped = ladder->skipped + skipped;
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
	struct ladder *ladder;
	int result = ladder_for(ladders, line->mark.connection, &ladder);

	if (!ladder)
		return result;
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

/* ---- steps that are missing ------------------------------------------------------------------------------------- */

const char *ladder_absence_words(enum ladder_absence absence)
{
	static const char *const words[] = {
		[LADDER_NOT_CAPTURED] = "not captured",
		[LADDER_NEVER_CAME] = "never came",
		[LADDER_NOT_YET] = "not before the capture ended",
	};

	return words[absence];
}

const char *ladder_step_label(int step)
{
	static const char *const labels[] = { "", "SYN", "SYN-ACK", "ACK" };

	return labels[step];
}

/* Which side was captured at all, of segments that are no ICMP errors. */
static bool was_seen(const struct ladder *ladder, const struct tcphs_summary *summary, bool client)
{
	for (size_t i = 0; i < ladder_count(ladder); i++) {
		const struct ladder_line *line = ladder_line(ladder, i);

		if (!line->icmp && ladder_from_client(line, summary) == client)
			return true;
	}
	return false;
}

/* The first line that is no SYN, where |flags| are those of SYN; or no SYN-ACK either. */
static size_t behind_leading(const struct ladder *ladder, uint16_t flags, uint16_t mask)
{
	size_t index = 0;

	while (index < ladder_count(ladder) && (ladder_line(ladder, index)->flags & mask) == flags)
		index++;
	return index;
}

/* Where step 1 is missing: *index* is the line that it would stand before. */
static bool lacks_syn(const struct ladder *ladder, const struct tcphs_summary *summary, size_t *index,
                      enum ladder_absence *absence)
{
	(void)ladder;
	*index = 0;
	*absence = LADDER_NOT_CAPTURED;
	return !(summary->judgement.completeness & TCPHS_SAW_SYN);
}

static bool lacks_synack(const struct ladder *ladder, const struct tcphs_summary *summary, size_t *index,
                         enum ladder_absence *absence)
{
	const struct tcphs_judgement *judgement = &summary->judgement;

	if (judgement->completeness & TCPHS_SAW_SYNACK)
		return false;
	*index = behind_leading(ladder, TCPHS_SYN, TCPHS_SYN | TCPHS_ACK);
	*absence = LADDER_NOT_CAPTURED;
	if (judgement->verdict == TCPHS_COMPLETE || judgement->reason == TCPHS_REASON_MIDSTREAM)
		return true;
	if (judgement->reason == TCPHS_REASON_ONE_SIDED)
		return !was_seen(ladder, summary, false);
	*index = ladder_count(ladder);
	*absence = judgement->reason == TCPHS_REASON_UNANSWERED ? LADDER_NEVER_CAME : LADDER_NOT_YET;
	return *absence == LADDER_NEVER_CAME || judgement->reason == TCPHS_REASON_CAPTURE_ENDED;
}

static bool lacks_ack(const struct ladder *ladder, const struct tcphs_summary *summary, size_t *index,
                      enum ladder_absence *absence)
{
	const struct tcphs_judgement *judgement = &summary->judgement;
	bool synack = judgement->completeness & TCPHS_SAW_SYNACK;

	if (judgement->steps[2])
		return false;
	*index = behind_leading(ladder, TCPHS_SYN, TCPHS_SYN);
	*absence = LADDER_NOT_CAPTURED;
	if (judgement->verdict == TCPHS_COMPLETE)
		return true;
	if (judgement->reason == TCPHS_REASON_MIDSTREAM)
		return !synack;
	if (judgement->reason == TCPHS_REASON_ONE_SIDED)
		return !was_seen(ladder, summary, true) && *index < ladder_count(ladder);
	*index = ladder_count(ladder);
	*absence = judgement->reason == TCPHS_REASON_NO_FINAL_ACK ? LADDER_NEVER_CAME : LADDER_NOT_YET;
	return *absence == LADDER_NEVER_CAME || (judgement->reason == TCPHS_REASON_CAPTURE_ENDED && synack);
}

size_t ladder_unseen(const struct ladder *ladder, const struct tcphs_summary *summary, size_t index,
                     struct ladder_unseen unseen[3])
{
	static bool (*const lacks[])(const struct ladder *, const struct tcphs_summary *, size_t *,
	                             enum ladder_absence *) = { lacks_syn, lacks_synack, lacks_ack };
	size_t count = 0, place = 0;
	enum ladder_absence absence;

	/* These two are opened by other steps. */
	if (summary->judgement.reason == TCPHS_REASON_SIMULTANEOUS_OPEN ||
	    summary->judgement.reason == TCPHS_REASON_SPLIT)
		return 0;
	for (int step = 1; step <= 3; step++) {
		if (lacks[step - 1](ladder, summary, &place, &absence) && place == index)
			unseen[count++] = (struct ladder_unseen){ .step = (uint8_t)step, .absence = absence };
	}
	return count;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

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

/* Appends, behind a comma if something is there already; all that a line has to say fits. */
static void append(char *buffer, const char *text)
{
	size_t used = strlen(buffer);

	snprintf(buffer + used, LADDER_NUMBERS - used, "%s%s", used ? ", " : "", text);
}

static void append_number(char *buffer, const char *before, uint32_t number, const char *behind)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%" PRIu32 "%s", before, number, behind);
	append(buffer, text);
}

void ladder_numbers(char buffer[LADDER_NUMBERS], const struct ladder_line *line)
{
	const struct tcphs_segment segment = { .seq = line->seq, .ack = line->ack };
	uint8_t terms = line->mark.terms;
	char arithmetic[LADDER_NUMBERS];

	buffer[0] = '\0';
	if (line->icmp) {
		append_number(buffer, "quotes seq ", line->seq, "");
		return;
	}
	if (!(terms & (TCPHS_TERM_ISN | TCPHS_TERM_SEQ)))
		append_number(buffer, "seq ", line->seq, "");
	if (tcphs_arithmetic_format(arithmetic, sizeof(arithmetic), &line->mark, &segment) > 0)
		append(buffer, arithmetic);
	if ((line->flags & TCPHS_ACK) && !(terms & TCPHS_TERM_ACK))
		append_number(buffer, "ack ", line->ack, "");
	if (line->length)
		append_number(buffer, "", line->length, line->length == 1 ? " octet" : " octets");
}
