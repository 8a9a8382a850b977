/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.c - --write: the frames of chosen connections, in a pcapng file with comments.
 *
 * Theory of operation. Which connections are chosen is known when they retire, long after their frames went by. So
 * while the input is read, each segment's frame and connection are noted in a pile, a few octets a segment; and when
 * all is known, the input is read once more, and the frames are picked that the pile says belong to a chosen one.
 * The engine's numbers of connections are given again after retirement; a life is what has one from a connection's
 * first segment to its retirement, and lives are counted. What a connection is judged by may be
 * the one before or after it on the same addresses and ports: those come along, or the file would not show why.
 *
 * Each input is a section of the file. Its last frame, which may be of any traffic, follows without its octets if it
 * was not chosen: whoever judges the file should know how long the capture went on without an answer.
 */
#include "report.h"

#include <errno.h>
#include <string.h>

#include "pcapng_write.h"
#include "pile.h"
#include "text.h"

/** struct note: a comment on a frame, in the pile of comments. */
struct note {
	uint32_t frame;
	uint32_t size;    /* with the NUL at its end */
	uint64_t at;
};

struct frames {
	struct report report;
	struct pile *seen;             /* pairs of numbers: frames since the one before, and the life */
	uint32_t seen_frame;           /* the newest in it */
	GArray *lives;                 /* uint32_t: by the engine's number the life that has it, or 0 */
	uint32_t last_life;
	GByteArray *chosen;            /* a bit for each life */
	struct pile *tuples;           /* uint64_t: by life, a hash of its addresses and ports */
	GArray *pieces;                /* of struct tcphs_piece */
	GHashTable *along;             /* frames of pieces that are to be picked; NULL: none */
	struct pile *comments;
	GArray *notes;                 /* of struct note; once frames are picked: in their order */
	/* While frames are picked: */
	bool picking;
	uint64_t next_at;              /* in |seen|, after the pair that follows */
	uint32_t next_frame, next_life;/* 0: there is no more */
	guint next_note;
	struct pcapng_writer *writer;  /* NULL until a frame was written */
	struct tcphs_frame end;        /* the newest frame met, without its octets */
	struct tcphs_interface end_interface;
	bool end_written;
	/* Main: */
	bool written;                  /* some part was */
};

/* ---- while the input is read --------------------------------------------------------------------- */

/** put_number(): seven bits an octet, the lowest first; the last octet has the high bit clear. */
static void put_number(struct pile *pile, uint32_t number)
{
	uint8_t octets[5];
	size_t size = 0;

	for (; number >= 0x80; number >>= 7)
		octets[size++] = (uint8_t)(number | 0x80);
	octets[size++] = (uint8_t)number;
	pile_write(pile, octets, size);
}

static bool get_number(const struct pile *pile, uint64_t *at, uint32_t *number)
{
	unsigned shift = 0;
	uint8_t octet;

	*number = 0;
	do {
		if (!pile_read(pile, &octet, 1, (*at)++))
			return false;
		*number |= (uint32_t)(octet & 0x7f) << shift;
		shift += 7;
	} while (octet & 0x80);
	return true;
}

static uint64_t hash_endpoint(const uint8_t address[16], uint16_t port)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ port; /* FNV-1a; nothing is lost where two are equal */

	for (size_t i = 0; i < 16; i++)
		hash = (hash ^ address[i]) * UINT64_C(0x100000001b3);
	return hash * UINT64_C(0x9e3779b97f4a7c15);
}

/** In a tuple's hash: the life is that of one segment, cut so short that it belongs to no connection. */
#define TUPLE_LOOSE UINT64_C(1)

/** begin_life(): of the connection that |item| is the first of; or |loose|, of the item alone. */
static uint32_t begin_life(struct frames *frames, const struct tcphs_decoded *item, bool loose)
{
	const struct tcphs_key *key = item->kind == TCPHS_DECODED_QUOTE ? &item->quote.key : &item->tcp.key;
	uint64_t tuple = hash_endpoint(key->src, key->sport) + hash_endpoint(key->dst, key->dport);

	tuple = loose ? tuple | TUPLE_LOOSE : tuple & ~TUPLE_LOOSE;
	pile_write(frames->tuples, &tuple, sizeof(tuple));
	return ++frames->last_life;
}

/** see(): the item's frame is one of that life. */
static void see(struct frames *frames, const struct tcphs_decoded *item, uint32_t life)
{
	put_number(frames->seen, item->frame - frames->seen_frame);
	put_number(frames->seen, life);
	frames->seen_frame = item->frame;
}

static void frames_item(struct report *report, const struct tcphs_decoded *item, const struct tcphs_mark *mark)
{
	struct frames *frames = (struct frames *)report;
	uint32_t *life;

	if (mark->connection == TCPHS_NO_CONNECTION) {
		/* It makes a verdict "truncated", and is none of the late segments, which change nothing. */
		if (item->kind == TCPHS_DECODED_SEGMENT && !(item->tcp.segment.have & TCPHS_HAVE_HEADER))
			see(frames, item, begin_life(frames, item, true));
		return;
	}
	if (frames->lives->len <= mark->connection)
		g_array_set_size(frames->lives, mark->connection + 1);
	life = &g_array_index(frames->lives, uint32_t, mark->connection);
	if (!*life)
		*life = begin_life(frames, item, false);
	see(frames, item, *life);
}

static void frames_piece(struct report *report, const struct tcphs_piece *piece)
{
	g_array_append_vals(((struct frames *)report)->pieces, piece, 1);
}

static void note(struct frames *frames, uint32_t frame, const char *text)
{
	struct note added = { frame, (uint32_t)strlen(text) + 1, pile_size(frames->comments) };

	pile_write(frames->comments, text, added.size);
	g_array_append_val(frames->notes, added);
}

/** note_connection(): on its first frame: what became of it, and where it is in the input. */
static void note_connection(struct frames *frames, const struct report_input *input,
                            const struct tcphs_summary *summary)
{
	const struct tcphs_judgement *judgement = &summary->judgement;
	char client[TEXT_ENDPOINT], server[TEXT_ENDPOINT];
	char *name = text_escape(input->path), *text;

	text_endpoint(client, summary->key.src, summary->key.sport);
	text_endpoint(server, summary->key.dst, summary->key.dport);
	text = g_strdup_printf("tcphs: %s, %s, blame: %s; %s > %s, frames %u to %u of %s",
	                       tcphs_verdict_word((enum tcphs_verdict)judgement->verdict),
	                       tcphs_reason_word((enum tcphs_reason)judgement->reason),
	                       tcphs_blame_word((enum tcphs_blame)judgement->blame), client, server, summary->first,
	                       summary->last, name);
	note(frames, summary->first, text);
	g_free(text);
	g_free(name);
}

static void note_finding(struct frames *frames, const struct tcphs_summary *summary,
                         const struct tcphs_finding *finding)
{
	char sentence[REPORT_SENTENCE];
	const char *severity = policy_severity_word(frames->report.policy, (enum tcphs_rule)finding->rule);
	char *text;

	tcphs_finding_format(sentence, sizeof(sentence), finding, summary);
	text = g_strdup_printf("tcphs: %s (%s): %s", tcphs_rule_info((enum tcphs_rule)finding->rule)->id, severity,
	                       sentence);
	note(frames, finding->at ? finding->at : summary->first, text);
	g_free(text);
}

static void choose(struct frames *frames, uint32_t life)
{
	guint before = frames->chosen->len;

	if (before <= life / 8) {
		g_byte_array_set_size(frames->chosen, life / 8 + 1);
		memset(frames->chosen->data + before, 0, frames->chosen->len - before);
	}
	frames->chosen->data[life / 8] |= (uint8_t)(1u << life % 8);
}

/** end_life(): of the connection with that number. @return 0 if it had no segment. */
static uint32_t end_life(struct frames *frames, uint32_t connection)
{
	uint32_t life = 0;

	if (connection < frames->lives->len) {
		life = g_array_index(frames->lives, uint32_t, connection);
		g_array_index(frames->lives, uint32_t, connection) = 0;
	}
	return life;
}

static void frames_left_out(struct report *report, uint32_t connection)
{
	end_life((struct frames *)report, connection);
}

static bool frames_connection(struct report *report, const struct report_input *input,
                              const struct tcphs_summary *summary, const char *encap)
{
	struct frames *frames = (struct frames *)report;
	uint32_t life = end_life(frames, summary->connection);

	(void)encap;
	if (!life || !policy_selects(report->policy, summary))
		return true;
	choose(frames, life);
	note_connection(frames, input, summary);
	for (size_t i = 0; i < summary->finding_count; i++)
		note_finding(frames, summary, &summary->findings[i]);
	return true;
}

/* ---- when all is known --------------------------------------------------------------------------- */

static int by_frame(const void *a, const void *b)
{
	const struct note *x = a, *y = b;

	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void read_next(struct frames *frames)
{
	uint32_t passed;

	if (frames->next_at < pile_size(frames->seen) && get_number(frames->seen, &frames->next_at, &passed) &&
	    get_number(frames->seen, &frames->next_at, &frames->next_life)) {
		frames->next_frame += passed;
		return;
	}
	if (frames->next_at < pile_size(frames->seen))
		frames->report.out->error = errno;
	frames->next_frame = 0;
}

static bool is_chosen(const struct frames *frames, uint32_t life)
{
	return life / 8 < frames->chosen->len && frames->chosen->data[life / 8] >> life % 8 & 1;
}

static bool tuple_of(const struct frames *frames, uint32_t life, uint64_t *tuple)
{
	return pile_read(frames->tuples, tuple, sizeof(*tuple), (uint64_t)(life - 1) * sizeof(*tuple));
}

/** choose_neighbours(): the lives before and after each chosen one on the same addresses and ports; all loose ones. */
static void choose_neighbours(struct frames *frames)
{
	GHashTable *newest = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	GArray *along = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint64_t tuple;

	for (uint32_t life = 1; life <= frames->last_life; life++)
		if (is_chosen(frames, life) && tuple_of(frames, life, &tuple))
			g_hash_table_insert(newest, g_memdup2(&tuple, sizeof(tuple)), NULL);
	for (uint32_t life = 1; g_hash_table_size(newest) && life <= frames->last_life; life++) {
		gpointer key, before;
		uint32_t older;
		bool loose;

		if (!tuple_of(frames, life, &tuple))
			continue;
		loose = tuple & TUPLE_LOOSE;
		tuple &= ~TUPLE_LOOSE;
		if (!g_hash_table_lookup_extended(newest, &tuple, &key, &before))
			continue;
		if (loose) {
			g_array_append_val(along, life);
			continue;
		}
		older = GPOINTER_TO_UINT(before);
		if (older && is_chosen(frames, life))
			g_array_append_val(along, older);
		if (older && is_chosen(frames, older))
			g_array_append_val(along, life);
		g_hash_table_insert(newest, g_memdup2(&tuple, sizeof(tuple)), GUINT_TO_POINTER(life));
	}
	for (guint i = 0; i < along->len; i++)
		choose(frames, g_array_index(along, uint32_t, i));
	g_array_unref(along);
	g_hash_table_unref(newest);
}

/** rewind_seen(): the next pair is the first one. */
static void rewind_seen(struct frames *frames)
{
	frames->next_at = 0;
	frames->next_frame = 0;
	read_next(frames);
}

/** pick_pieces(): the fragments of each segment that is picked; of a tunnel's datagrams the pieces may be in pieces. */
static void pick_pieces(struct frames *frames)
{
	const struct tcphs_piece *pieces = (const struct tcphs_piece *)(const void *)frames->pieces->data;
	guint i = 0, count = frames->pieces->len;

	if (!count)
		return;
	frames->along = g_hash_table_new(NULL, NULL);
	for (rewind_seen(frames); frames->next_frame && i < count; read_next(frames)) {
		while (i < count && pieces[i].frame < frames->next_frame)
			i++;
		if (i < count && pieces[i].frame == frames->next_frame && is_chosen(frames, frames->next_life))
			g_hash_table_add(frames->along, GUINT_TO_POINTER(frames->next_frame));
	}
	for (i = count; i-- > 0;)
		if (g_hash_table_contains(frames->along, GUINT_TO_POINTER(pieces[i].frame)))
			g_hash_table_add(frames->along, GUINT_TO_POINTER(pieces[i].piece));
}

/** picks(): whether some segment in the frame is of a chosen connection. Frames come in order. */
static bool picks(struct frames *frames, uint32_t frame)
{
	bool picked = frames->along && g_hash_table_contains(frames->along, GUINT_TO_POINTER(frame));

	while (frames->next_frame == frame) {
		picked = picked || is_chosen(frames, frames->next_life);
		read_next(frames);
	}
	return picked;
}

static void write_frame(struct frames *frames, const struct tcphs_frame *frame, const char *const *comments)
{
	if (!frames->writer)
		frames->writer = pcapng_writer_new(frames->report.out);
	pcapng_write(frames->writer, frame, comments);
}

/** write_picked(): with its comments. */
static void write_picked(struct frames *frames, const struct tcphs_frame *frame)
{
	GPtrArray *comments = g_ptr_array_new_with_free_func(g_free);

	for (; frames->next_note < frames->notes->len; frames->next_note++) {
		const struct note *noted = &g_array_index(frames->notes, struct note, frames->next_note);
		char *text;

		if (noted->frame > frame->number)
			break;
		if (noted->frame < frame->number)
			continue;
		text = g_malloc(noted->size);
		if (pile_read(frames->comments, text, noted->size, noted->at))
			g_ptr_array_add(comments, text);
		else
			g_free(text);
	}
	g_ptr_array_add(comments, NULL);
	write_frame(frames, frame, (const char *const *)comments->pdata);
	g_ptr_array_unref(comments);
}

/** keep_end(): the frame is the newest so far. */
static void keep_end(struct frames *frames, const struct tcphs_frame *frame, bool written)
{
	struct tcphs_interface *kept = &frames->end_interface;

	if (g_strcmp0(kept->name, frame->interface->name) != 0) {
		g_free((gpointer)kept->name);
		kept->name = g_strdup(frame->interface->name);
	}
	kept->linktype = frame->interface->linktype;
	kept->snaplen = frame->interface->snaplen;
	frames->end = *frame;
	frames->end.interface = kept;
	frames->end.captured = 0;
	frames->end_written = written;
}

static void frames_frame(struct report *report, const struct tcphs_frame *frame)
{
	struct frames *frames = (struct frames *)report;
	bool picked;

	if (!frames->picking) {
		frames->picking = true;
		g_array_sort(frames->notes, by_frame);
		choose_neighbours(frames);
		pick_pieces(frames);
		rewind_seen(frames);
	}
	picked = picks(frames, frame->number);
	if (picked)
		write_picked(frames, frame);
	if (frame->has_time && frame->interface && frame->time_ns >= frames->end.time_ns)
		keep_end(frames, frame, picked);
}

static void frames_input_end(struct report *report, const struct report_input *input)
{
	static const char *const comments[] = { "tcphs: the last frame of the capture, without its octets: it only "
		                                "tells when the capture ended", NULL };
	struct frames *frames = (struct frames *)report;

	(void)input;
	if (frames->writer && !frames->end_written)
		pcapng_write(frames->writer, &frames->end, comments);
}

/* ---- all inputs ---------------------------------------------------------------------------------- */

static void frames_adopt(struct report *report, struct report *part)
{
	struct frames *frames = (struct frames *)report;

	frames->written = frames->written || ((struct frames *)part)->writer;
}

/** frames_finish(): where nothing was chosen there is still a file, and it is sound. */
static void frames_finish(struct report *report, const struct tally *total)
{
	struct frames *frames = (struct frames *)report;

	(void)total;
	if (!frames->written)
		pcapng_writer_free(pcapng_writer_new(report->out));
}

static void frames_del(struct report *report)
{
	struct frames *frames = (struct frames *)report;

	pile_free(frames->seen);
	pile_free(frames->tuples);
	pile_free(frames->comments);
	g_array_unref(frames->lives);
	g_array_unref(frames->notes);
	g_array_unref(frames->pieces);
	g_clear_pointer(&frames->along, g_hash_table_unref);
	g_byte_array_unref(frames->chosen);
	pcapng_writer_free(frames->writer);
	g_free((gpointer)frames->end_interface.name);
	g_free(frames);
}

struct report *report_frames_new(void)
{
	struct frames *frames = g_new0(struct frames, 1);

	frames->seen = pile_new();
	frames->tuples = pile_new();
	frames->comments = pile_new();
	frames->lives = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	frames->notes = g_array_new(FALSE, FALSE, sizeof(struct note));
	frames->chosen = g_byte_array_new();
	frames->pieces = g_array_new(FALSE, FALSE, sizeof(struct tcphs_piece));
	frames->report.item = frames_item;
	frames->report.piece = frames_piece;
	frames->report.connection = frames_connection;
	frames->report.left_out = frames_left_out;
	frames->report.frame = frames_frame;
	frames->report.input_end = frames_input_end;
	frames->report.adopt = frames_adopt;
	frames->report.finish = frames_finish;
	frames->report.del = frames_del;
	return &frames->report;
}
