/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join.c - many captures as one, in order of time.
 *
 * Theory of operation. Of each capture the first frame is read, and then it is closed: a ring buffer has thousands of
 * files. Sorted by that frame's time they are opened again as late as possible, and those that are open lie in a heap
 * by the time of their next frame. That gives the order in which mergecap merges: the earliest of all next frames, and
 * a frame without a time as soon as it is met; within a file frames are taken as they come, in order of time or not.
 * Of equal times mergecap takes that of the file named last. Here it is that of the file which began first: where a
 * file ends and the next begins within one tick of the clock, they are not swapped.
 *
 * What comes from a pipe stays open; members of an archive are unpacked into a spool first, since of an archive only
 * one can be read at a time.
 */
#include "reader.h"

#include <sys/resource.h>

#include "report/text.h"

/** So many sentences about damage are told; of more only their number. */
#define DAMAGE_MAX 8

/** struct joined: one capture of the join. */
struct joined {
	guint number;                /* in the order in which they were named */
	char *name;
	struct origin origin;        /* where to read it again, unless it is a pipe */
	tcphs_time first;            /* of its first frame */
	struct tcphs_input *pipe;    /* open since it was added, with its first frame read; or NULL */
	struct tcphs_frame frame;    /* of |pipe| */
};

/** struct reading: a capture that is being read, with its next frame. */
struct reading {
	struct joined *joined;
	guint rank;                  /* among all, by the first frame */
	struct tcphs_input *input;
	struct tcphs_frame frame;
	tcphs_time time;
};

struct tcphs_join {
	int references;
	struct tcphs_input_config config;
	GPtrArray *joined;           /* of struct joined; sorted by |first| when it is read */
	GString *damage;             /* what was found out while adding */
	guint damaged;
};

static void joined_free(gpointer data)
{
	struct joined *joined = data;

	tcphs_input_close(joined->pipe);
	origin_clear(&joined->origin);
	g_free(joined->name);
	g_free(joined);
}

/** sort_time(): the time by which a frame is sorted. */
static tcphs_time sort_time(const struct tcphs_frame *frame)
{
	return frame->has_time ? frame->time_ns : INT64_MIN;
}

static void tell(GString *damage, guint *damaged, const char *name, const char *problem)
{
	g_autofree char *escaped = text_escape(name);

	if ((*damaged)++ < DAMAGE_MAX)
		g_string_append_printf(damage, "%s%s %s", damage->len ? "; " : "", escaped, problem);
}

void tcphs_join_prepare(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- adding -------------------------------------------------------------------------------------- */

struct tcphs_join *tcphs_join_new(const struct tcphs_input_config *config)
{
	struct tcphs_join *join = g_new0(struct tcphs_join, 1);

	join->references = 1;
	join->config = *config;
	join->joined = g_ptr_array_new_with_free_func(joined_free);
	join->damage = g_string_new("");
	return join;
}

void tcphs_join_free(struct tcphs_join *join)
{
	if (!join || --join->references > 0)
		return;
	g_ptr_array_unref(join->joined);
	g_string_free(join->damage, TRUE);
	g_free(join);
}

void tcphs_join_damaged(struct tcphs_join *join, const char *name, const char *problem)
{
	tell(join->damage, &join->damaged, name, problem);
}

/** unpack(): the rest of a member, which then is in the spool. */
static void unpack(struct tcphs_input *input)
{
	while (stream_need(input->stream, 1))
		stream_take(input->stream, stream_available(input->stream));
}

/** add(): a capture, of which the first frame is read here. */
static void add(struct tcphs_join *join, const struct tcphs_capture *capture)
{
	struct tcphs_input *input = capture->input;
	struct joined *joined = g_new0(struct joined, 1);

	joined->number = join->joined->len;
	joined->name = g_strdup(capture->name);
	joined->origin = origin_copy(&input->origin);
	joined->first = tcphs_input_next(input, &joined->frame) == TCPHS_INPUT_FRAME ? sort_time(&joined->frame)
	                                                                           : INT64_MAX;
	g_ptr_array_add(join->joined, joined);
	if (input->stream->fd >= 0 && !joined->origin.path) {
		joined->pipe = input;
		return;
	}
	if (joined->origin.extent)
		unpack(input);
	tcphs_input_close(input);
}

void tcphs_join_add(struct tcphs_join *join, const char *path, bool found)
{
	struct tcphs_input_config config = join->config;
	struct tcphs_captures *captures;
	struct tcphs_capture capture;

	config.again = true; /* it is read twice in any case, but for a pipe */
	config.filter = NULL;
	captures = tcphs_captures_open(path, &config);
	while (tcphs_captures_next(captures, &capture)) {
		if (capture.input)
			add(join, &capture);
		else if (!capture.nothing || !found)
			tcphs_join_damaged(join, capture.name, capture.problem);
	}
	tcphs_captures_close(captures);
}

static int by_first(const void *a, const void *b)
{
	const struct joined *x = *(const struct joined *const *)a, *y = *(const struct joined *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

char **tcphs_join_names(const struct tcphs_join *join)
{
	GStrvBuilder *names = g_strv_builder_new();
	char **list;

	g_ptr_array_sort(join->joined, by_first);
	for (guint i = 0; i < join->joined->len; i++)
		g_strv_builder_add(names, ((struct joined *)g_ptr_array_index(join->joined, i))->name);
	list = g_strv_builder_end(names);
	g_strv_builder_unref(names);
	return list;
}

/* ---- the heap ------------------------------------------------------------------------------------ */

static bool earlier(const struct reading *a, const struct reading *b)
{
	return a->time != b->time ? a->time < b->time : a->rank < b->rank;
}

static void swap(GPtrArray *heap, guint a, guint b)
{
	gpointer kept = heap->pdata[a];

	heap->pdata[a] = heap->pdata[b];
	heap->pdata[b] = kept;
}

static void sift_up(GPtrArray *heap, guint at)
{
	for (; at > 0 && earlier(heap->pdata[at], heap->pdata[(at - 1) / 2]); at = (at - 1) / 2)
		swap(heap, at, (at - 1) / 2);
}

static void sift_down(GPtrArray *heap, guint at)
{
	for (;;) {
		guint least = at;

		for (guint child = 2 * at + 1; child <= 2 * at + 2 && child < heap->len; child++)
			if (earlier(heap->pdata[child], heap->pdata[least]))
				least = child;
		if (least == at)
			return;
		swap(heap, at, least);
		at = least;
	}
}

/* ---- reading ------------------------------------------------------------------------------------- */

static void reading_free(struct reading *reading)
{
	tcphs_input_close(reading->input);
	g_free(reading);
}

/** advance(): the next frame of one capture; false: it has no more, and what is wrong with it is told. */
static bool advance(struct join_reader *reader, struct reading *reading)
{
	enum tcphs_input_result result = tcphs_input_next(reading->input, &reading->frame);

	if (result == TCPHS_INPUT_DAMAGED)
		tell(reader->damage, &reader->damaged, reading->joined->name, tcphs_input_message(reading->input));
	reading->time = sort_time(&reading->frame);
	return result == TCPHS_INPUT_FRAME;
}

/** open_next(): the next capture joins in. */
static void open_next(struct join_reader *reader)
{
	static const struct tcphs_input_config config = { .expansion_ratio = UINT64_MAX,
		                                          .expansion_octets = UINT64_MAX };
	struct joined *joined = g_ptr_array_index(reader->join->joined, reader->begun);
	struct reading *reading = g_new0(struct reading, 1);
	g_autofree char *message = NULL;
	bool good;

	reading->joined = joined;
	reading->rank = reader->begun++;
	if (joined->pipe) { /* its first frame was read, unless it has none */
		reading->input = g_steal_pointer(&joined->pipe);
		reading->frame = joined->frame;
		reading->time = joined->first;
		good = reading->input->result == TCPHS_INPUT_FRAME || advance(reader, reading);
	} else {
		reading->input = input_open_again(&joined->origin, &config, &message);
		if (!reading->input)
			tell(reader->damage, &reader->damaged, joined->name, message);
		good = reading->input && advance(reader, reading);
	}
	if (good) {
		g_ptr_array_add(reader->heap, reading);
		sift_up(reader->heap, reader->heap->len - 1);
	} else {
		reading_free(reading);
	}
}

/** is_next_due(): the next capture may have an earlier frame than those that are open. */
static bool is_next_due(const struct join_reader *reader)
{
	const struct joined *next;

	if (reader->begun == reader->join->joined->len)
		return false;
	next = g_ptr_array_index(reader->join->joined, reader->begun);
	return reader->heap->len == 0 || next->first <= ((struct reading *)reader->heap->pdata[0])->time;
}

/** move_on(): past the frame that was given last. */
static void move_on(struct join_reader *reader)
{
	struct reading *first = reader->heap->pdata[0];

	if (!advance(reader, first)) {
		swap(reader->heap, 0, reader->heap->len - 1);
		g_ptr_array_set_size(reader->heap, (gint)reader->heap->len - 1);
		reading_free(first);
	}
	sift_down(reader->heap, 0);
}

static enum tcphs_input_result join_end(struct tcphs_input *input)
{
	const struct join_reader *reader = &input->join;

	if (reader->damaged == 0)
		return TCPHS_INPUT_END;
	if (reader->damaged > DAMAGE_MAX)
		return input_damaged(input, "was not read whole: %s; and %u more", reader->damage->str,
		                     reader->damaged - DAMAGE_MAX);
	return input_damaged(input, "was not read whole: %s", reader->damage->str);
}

static enum tcphs_input_result join_next(struct tcphs_input *input, struct tcphs_frame *frame)
{
	struct join_reader *reader = &input->join;
	uint32_t number = frame->number;

	if (reader->given && reader->heap->len > 0)
		move_on(reader);
	while (is_next_due(reader))
		open_next(reader);
	if (reader->heap->len == 0)
		return join_end(input);
	reader->given = true;
	*frame = ((struct reading *)reader->heap->pdata[0])->frame;
	frame->number = number;
	return TCPHS_INPUT_FRAME;
}

static void join_close(struct tcphs_input *input)
{
	struct join_reader *reader = &input->join;

	for (guint i = 0; i < reader->heap->len; i++)
		reading_free(reader->heap->pdata[i]);
	g_ptr_array_unref(reader->heap);
	g_string_free(reader->damage, TRUE);
	tcphs_join_free(reader->join);
}

static struct tcphs_input *open_join(struct tcphs_join *join, struct tcphs_filter *filter)
{
	struct tcphs_input *input = g_new0(struct tcphs_input, 1);

	g_ptr_array_sort(join->joined, by_first);
	join->references++;
	input->format = "join";
	input->next = join_next;
	input->close = join_close;
	input->result = TCPHS_INPUT_FRAME;
	input->join.join = join;
	input->join.heap = g_ptr_array_new();
	input->join.damage = g_string_new(join->damage->str);
	input->join.damaged = join->damaged;
	if (join->joined->len == 0 && join->damaged == 0) {
		g_string_append(input->join.damage, "there is no capture in it");
		input->join.damaged = 1;
	}
	filtered_begin(&input->filtered, filter);
	return input;
}

struct tcphs_input *tcphs_join_input(struct tcphs_join *join)
{
	return open_join(join, join->config.filter);
}

struct tcphs_input *join_again(const struct tcphs_input *input)
{
	return open_join(input->join.join, NULL);
}
