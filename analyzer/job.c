/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.c - the way of a frame of one input: decoder -> tracker -> reports.
 *
 * Frames are decoded in batches, and the tracker is told of a batch's keys before it gets the segments: in a flood
 * every segment is a new connection and a cache miss, and this way the misses overlap. One tracker per input. Retired
 * connections are drained after every batch, so that what is kept does not grow with the length of the capture.
 *
 * Reading stops early for a signal, for a reader that went away and for lack of memory. The connections met so far are
 * then judged as if the capture ended there, and the input is called damaged: nobody shall take the report for whole.
 */
#include "job.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"

/* So many items that about 32 frames are taken together: enough misses overlap, and all fit the processor's caches. */
#define BATCH (32 + TCPHS_DECODE_ITEMS - 1)

/** struct reading: what a job needs while it reads. */
struct reading {
	struct job *job;
	struct report_input input;
	struct tcphs_decoder *decoder;
	struct tcphs_tracker *tracker;
	struct ladders *ladders;  /* NULL: no report wants them */
	const struct report_choice *choice;  /* the only connection of which a ladder is wanted; NULL: all */
	GArray *findings;    /* of struct tcphs_finding: room for those that are reported */
	struct tcphs_decoded items[BATCH];
	bool released;       /* its turn has come */
	size_t held;         /* octets counted in turn->held */
};

static const char out_of_memory[] = "memory is out here and reading stopped: split the capture, or use --format ndjson";

/* ---- its turn ------------------------------------------------------------------------------------ */

static size_t held_now(const struct job *job)
{
	size_t held = 0;

	for (guint i = 0; i < job->mains->len; i++)
		held += job->outputs[i].used;
	return held;
}

static bool broken(const struct job *job)
{
	for (guint i = 0; i < job->mains->len; i++) {
		if (job->outputs[i].error)
			return true;
	}
	return false;
}

static bool stopped(const struct job *job)
{
	return interrupt_signal() || job->turn->broken || broken(job);
}

/* Lets the parts write if it is their turn; waits for it if all jobs together hold too much. */
static void watch_turn(struct reading *reading)
{
	struct job *job = reading->job;
	struct turn *turn = job->turn;
	size_t held;

	if (reading->released)
		return;
	held = held_now(job);
	g_mutex_lock(&turn->mutex);
	turn->held += held - reading->held;
	reading->held = held;
	while (turn->now != job->number && turn->held > turn->budget && held > 0 && !interrupt_signal() &&
	       !turn->broken)
		g_cond_wait_until(&turn->moved, &turn->mutex, g_get_monotonic_time() + G_TIME_SPAN_SECOND / 10);
	reading->released = turn->now == job->number;
	if (reading->released)
		turn->held -= held;
	g_mutex_unlock(&turn->mutex);
	for (guint i = 0; reading->released && i < job->mains->len; i++)
		output_release(&job->outputs[i]);
}

/* ---- one batch ----------------------------------------------------------------------------------- */

/* Whether the connection is to be reported, without the findings that are not. */
static bool is_wanted(struct reading *reading, struct tcphs_summary *summary)
{
	const struct policy *policy = &reading->job->options->policy;
	struct tally *tally = &reading->input.tally;

	if (policy_ignores(policy, summary)) {
		tally->ignored++;
		return false;
	}
	policy_silence(policy, summary, reading->findings);
	expected_count(reading->job->expected, reading->input.path, summary);
	if (reading->job->baseline && baseline_knows(reading->job->baseline, summary)) {
		tally->known++;
		return false;
	}
	return true;
}

/* A connection that is wanted. */
static bool hand_over(struct reading *reading, const struct tcphs_summary *summary)
{
	struct job *job = reading->job;
	const char *encap = tcphs_decoder_encap(reading->decoder, summary->encap);
	bool taken = true;

	tally_connection(&reading->input.tally, summary);
	job->failing = job->failing || policy_fails(&job->options->policy, summary);
	for (guint i = 0; i < job->mains->len; i++) {
		struct report *part = job->parts[i];

		if (reading->ladders && options_report(job->options, i)->kind->ladders)
			part->ladder = ladder_of(reading->ladders, summary->connection);
		if (part->connection)
			taken = part->connection(part, &reading->input, summary, encap) && taken;
	}
	return taken;
}

/* Hands over the connections that have retired. Those that memory is out for are still counted, and can still fail. */
static bool drain(struct reading *reading)
{
	struct tcphs_summary summary;
	bool taken = true;

	while (tcphs_tracker_next(reading->tracker, &summary)) {
		if (is_wanted(reading, &summary))
			taken = hand_over(reading, &summary) && taken;
		if (reading->ladders)
			ladder_drop(reading->ladders, summary.connection);
	}
	return taken;
}

static void prefetch(const struct tcphs_tracker *tracker, const struct tcphs_decoded *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind == TCPHS_DECODED_SEGMENT)
			tcphs_tracker_prefetch(tracker, &items[i].tcp.key);
		else if (items[i].kind == TCPHS_DECODED_QUOTE)
			tcphs_tracker_prefetch(tracker, &items[i].quote.key);
	}
}

/* The item's line in the ladder of its connection, where one is wanted. A connection's first segment has its stream. */
static int keep_line(struct reading *reading, const struct tcphs_decoded *item, const struct tcphs_mark *mark)
{
	struct ladders *ladders = reading->ladders;

	if (reading->choice && mark->stream != reading->choice->stream && !ladder_of(ladders, mark->connection))
		return TCPHS_OK;
	if (item->kind == TCPHS_DECODED_SEGMENT)
		return ladder_take(ladders, &item->tcp.segment, mark);
	return item->kind == TCPHS_DECODED_QUOTE ? ladder_take_quote(ladders, &item->quote, mark) : TCPHS_OK;
}

/* Feeds a batch to the tracker. */
static int track(struct reading *reading, size_t count)
{
	const struct tcphs_decoded *items = reading->items;
	struct tcphs_mark mark;
	int result = TCPHS_OK;

	prefetch(reading->tracker, items, count);
	for (size_t i = 0; i < count && result == TCPHS_OK; i++) {
		const struct tcphs_decoded *item = &items[i];

		if (item->first)
			tcphs_tracker_frame(reading->tracker, item->time);
		if (item->kind == TCPHS_DECODED_SEGMENT) {
			reading->input.tally.segments += (item->tcp.segment.have & TCPHS_HAVE_HEADER) != 0;
			result = tcphs_tracker_segment(reading->tracker, &item->tcp.key, &item->tcp.segment, &mark);
		} else if (item->kind == TCPHS_DECODED_QUOTE) {
			result = tcphs_tracker_quote(reading->tracker, &item->quote, &mark);
		}
		if (reading->ladders && result == TCPHS_OK)
			result = keep_line(reading, item, &mark);
	}
	return result;
}

/* ---- one input ----------------------------------------------------------------------------------- */

/* Whether frames may come as slowly as they are captured. They are then taken one by one, and what becomes known goes
 * out at once: a batch would wait for its last frame, a line for a buffer to be full. */
static bool is_live(const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat status;

	if ((standard ? fstat(STDIN_FILENO, &status) : stat(path, &status)) != 0)
		return false;
	return !S_ISREG(status.st_mode);
}

static void flush(const struct job *job)
{
	for (guint i = 0; i < job->mains->len; i++) {
		if (job->outputs[i].used)
			output_flush(&job->outputs[i]);
	}
}

/* Reads as far as it goes. Returns why it goes no further, for g_free(), or NULL if that is the end. */
static char *read_frames(struct reading *reading, struct tcphs_input *frames)
{
	bool live = is_live(reading->input.path);
	size_t capacity = live ? TCPHS_DECODE_ITEMS : BATCH;
	enum tcphs_input_result result;
	size_t count;

	do {
		result = tcphs_decode_batch(reading->decoder, frames, reading->items, capacity, &count,
		                            &reading->input.tally.frames);
		if (track(reading, count) != TCPHS_OK || !drain(reading))
			return g_strdup(out_of_memory);
		watch_turn(reading);
		if (live)
			flush(reading->job);
	} while (result == TCPHS_INPUT_FRAME && !stopped(reading->job));
	reading->job->stopped = stopped(reading->job);
	if (reading->job->stopped)
		return g_strdup_printf("reading was stopped after frame %" G_GUINT64_FORMAT,
		                       reading->input.tally.frames);
	return result == TCPHS_INPUT_DAMAGED ? g_strdup(tcphs_input_message(frames)) : NULL;
}

static void count_not_decoded(struct reading *reading)
{
	const char *word;
	uint64_t frames;

	for (size_t i = 0; (word = tcphs_decoder_not_decoded(reading->decoder, i, &frames)); i++)
		tally_not_decoded(&reading->input.tally, word, frames);
}

/* Ladders, if a report wants them; of one connection only, if no report wants more. False without memory. */
static bool prepare_ladders(struct reading *reading)
{
	const struct job *job = reading->job;
	bool wanted = false, all = false;

	for (guint i = 0; i < job->mains->len; i++) {
		if (!options_report(job->options, i)->kind->ladders)
			continue;
		wanted = true;
		all = all || !job->parts[i]->choice;
		reading->choice = job->parts[i]->choice;
	}
	if (all)
		reading->choice = NULL;
	if (wanted)
		reading->ladders = ladders_new(LADDER_LINES, LADDER_BUDGET);
	return !wanted || reading->ladders;
}

/* Analyzes an input that could be opened. Returns what is wrong with it, for g_free(), or NULL. */
static char *analyze(struct reading *reading, struct tcphs_input *frames)
{
	char *damaged;

	if (tcphs_tracker_new(&reading->tracker, &reading->job->options->engine) != TCPHS_OK)
		return g_strdup(out_of_memory);
	if (!prepare_ladders(reading)) {
		tcphs_tracker_del(reading->tracker);
		return g_strdup(out_of_memory);
	}
	reading->decoder = tcphs_decoder_new(&reading->job->options->decode);
	damaged = read_frames(reading, frames);
	tcphs_tracker_finish(reading->tracker);
	if (!drain(reading) && !damaged)
		damaged = g_strdup(out_of_memory);
	reading->job->isns = tcphs_tracker_take_isns(reading->tracker);
	count_not_decoded(reading);
	tcphs_decoder_del(reading->decoder);
	ladders_del(reading->ladders);
	tcphs_tracker_del(reading->tracker);
	return damaged;
}

void job_run(struct job *job)
{
	struct reading *reading = g_new0(struct reading, 1);
	char *damaged = g_strdup(job->source->problem);
	bool standard = strcmp(job->source->path, "-") == 0;
	struct tcphs_input *frames;

	if (standard)
		interrupt_reader(true);
	frames = damaged || stopped(job) ? NULL : tcphs_input_open(job->source->path, &damaged);
	job->begun = frames || damaged;
	reading->job = job;
	reading->findings = g_array_new(FALSE, FALSE, sizeof(struct tcphs_finding));
	reading->input.path = job->source->path;
	tally_init(&reading->input.tally);
	reading->input.tally.inputs = job->begun;
	watch_turn(reading);
	if (frames)
		damaged = analyze(reading, frames);
	tcphs_input_close(frames);
	if (standard)
		interrupt_reader(false);
	reading->input.damaged = damaged;
	reading->input.tally.damaged = damaged != NULL;
	for (guint i = 0; job->begun && i < job->mains->len; i++) {
		if (job->parts[i]->input_end)
			job->parts[i]->input_end(job->parts[i], &reading->input);
	}
	watch_turn(reading);
	job->damaged = damaged;
	job->tally = reading->input.tally;
	g_array_unref(reading->findings);
	g_free(reading);
}

/* ---- life ---------------------------------------------------------------------------------------- */

struct job *job_new(guint number, const struct options *options, const struct source *source, GPtrArray *mains,
                    struct turn *turn)
{
	struct job *job = g_new0(struct job, 1);
	bool several = ((const struct report *)g_ptr_array_index(mains, 0))->several;

	job->number = number;
	job->options = options;
	job->source = source;
	job->mains = mains;
	job->turn = turn;
	job->expected = expected_new(options->policy.expectations);
	if (options->baseline)
		job->baseline = baseline_input_new(options->baseline, source->path, !several);
	job->parts = g_new0(struct report *, mains->len);
	job->outputs = g_new0(struct output, mains->len);
	for (guint i = 0; i < mains->len; i++) {
		const struct report *whole = g_ptr_array_index(mains, i);
		struct report *part = options_report(options, i)->kind->make();

		output_open_part(&job->outputs[i], whole->out);
		part->out = &job->outputs[i];
		part->policy = whole->policy;
		part->several = whole->several;
		part->choice = whole->choice;
		job->parts[i] = part;
	}
	return job;
}

void job_adopt(struct job *job)
{
	for (guint i = 0; i < job->mains->len; i++) {
		struct report *whole = g_ptr_array_index(job->mains, i);

		output_adopt(whole->out, &job->outputs[i]);
		if (job->begun && whole->adopt)
			whole->adopt(whole, job->parts[i]);
	}
}

void job_free(struct job *job)
{
	for (guint i = 0; i < job->mains->len; i++)
		job->parts[i]->del(job->parts[i]);
	tally_clear(&job->tally);
	tcphs_isn_del(job->isns);
	baseline_input_free(job->baseline);
	g_ptr_array_unref(job->expected);
	g_free(job->parts);
	g_free(job->outputs);
	g_free(job->damaged);
	g_free(job);
}
