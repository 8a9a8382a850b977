/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.c - the way of a frame: decoder -> tracker -> reports.
 *
 * Frames are decoded in batches, and the tracker is told of a batch's keys before it gets the segments: in a flood
 * every segment is a new connection and a cache miss, and this way the misses overlap. One tracker per input. Retired
 * connections are drained after every batch, so that what is kept does not grow with the length of the capture. Where
 * there is a processor for it, another thread reads and decodes ahead (feed.c).
 *
 * A job is a source, and most have one input. Of an archive each member is an input, with parts of the reports of its
 * own; only the job's turn is common to them. A report that wants the frames of an input once more, when all is known
 * of its connections, gets them when the job's turn has come: what it writes need not be held then.
 *
 * Reading stops early for a signal, for a reader that went away and for lack of memory. The connections met so far are
 * then judged as if the capture ended there, and the input is called damaged: nobody shall take the report for whole.
 */
#include "job.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baseline.h"
#include "feed.h"
#include "interrupt.h"

/** struct reading: what a job needs while it reads. */
struct reading {
	struct job *job;
	struct tcphs_input_config config;
	bool live;           /* frames may come as slowly as they are captured */
	bool released;       /* its turn has come */
	bool broken;         /* an output of an earlier input failed */
	size_t held;         /* octets counted in turn->held */
	size_t held_before;  /* of these, those of earlier inputs */
	/* Of the input that is being read: */
	struct job_input *current;
	struct report_input input;
	struct tcphs_decoder *decoder;
	struct tcphs_tracker *tracker;
	struct ladders *ladders;  /* NULL: no report wants them */
	const struct report_choice *choice;  /* the only connection of which a ladder is wanted; NULL: all */
	struct baseline_input *baseline;  /* what an earlier run had of it; NULL: no such run */
	GArray *findings;    /* of struct tcphs_finding: room for those that are reported */
};

static const char out_of_memory[] = "memory is out here and reading stopped: split the capture, or use --format ndjson";

/* ---- its turn ------------------------------------------------------------------------------------ */

static size_t held_now(const struct reading *reading)
{
	size_t held = reading->held_before;

	for (guint i = 0; i < reading->job->mains->len; i++)
		held += reading->current->outputs[i].used;
	return held;
}

static bool broken(const struct reading *reading)
{
	for (guint i = 0; reading->current && i < reading->job->mains->len; i++) {
		if (reading->current->outputs[i].error)
			return true;
	}
	return reading->broken;
}

static bool stopped(const struct reading *reading)
{
	return interrupt_signal() || reading->job->turn->broken || broken(reading);
}

/* From now on what is written goes out; what was held of inputs that are over does so at once. */
static void release(struct reading *reading)
{
	const struct job *job = reading->job;

	reading->released = true;
	for (guint n = 0; n < job->inputs->len; n++) {
		struct job_input *input = g_ptr_array_index(job->inputs, n);

		for (guint i = 0; i < job->mains->len; i++) {
			output_release(&input->outputs[i]);
			if (input != reading->current)
				output_flush(&input->outputs[i]);
		}
	}
}

/* Lets the parts write if it is their turn; waits for it if all jobs together hold too much, or if |needed|. */
static void watch_turn(struct reading *reading, bool needed)
{
	struct job *job = reading->job;
	struct turn *turn = job->turn;
	bool released;
	size_t held;

	if (reading->released)
		return;
	held = held_now(reading);
	g_mutex_lock(&turn->mutex);
	turn->held += held - reading->held;
	reading->held = held;
	while (turn->now != job->number && (needed || (turn->held > turn->budget && held > 0)) &&
	       !interrupt_signal() && !turn->broken)
		g_cond_wait_until(&turn->moved, &turn->mutex, g_get_monotonic_time() + G_TIME_SPAN_SECOND / 10);
	released = turn->now == job->number;
	if (released)
		turn->held -= held;
	g_mutex_unlock(&turn->mutex);
	if (released)
		release(reading);
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
	if (reading->baseline && baseline_knows(reading->baseline, summary)) {
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
		struct report *part = reading->current->parts[i];

		if (reading->ladders && options_report(job->options, i)->kind->ladders)
			part->ladder = ladder_of(reading->ladders, summary->connection);
		if (part->connection)
			taken = part->connection(part, &reading->input, summary, encap) && taken;
	}
	return taken;
}

/* A connection that is not. */
static void leave_out(const struct reading *reading, uint32_t connection)
{
	for (guint i = 0; i < reading->job->mains->len; i++) {
		struct report *part = reading->current->parts[i];

		if (part->left_out)
			part->left_out(part, connection);
	}
}

/* Hands over the connections that have retired. Those that memory is out for are still counted, and can still fail. */
static bool drain(struct reading *reading)
{
	struct tcphs_summary summary;
	bool taken = true;

	while (tcphs_tracker_next(reading->tracker, &summary)) {
		if (is_wanted(reading, &summary))
			taken = hand_over(reading, &summary) && taken;
		else if (reading->job->items_wanted)
			leave_out(reading, summary.connection);
		if (reading->ladders)
			ladder_drop(reading->ladders, summary.connection);
	}
	return taken;
}

static const struct tcphs_key *key_of(const struct tcphs_decoded *item)
{
	return item->kind == TCPHS_DECODED_SEGMENT ? &item->tcp.key : &item->quote.key;
}

/* Brings what the tracker knows of a batch's keys into the cache, step by step: the misses of each step overlap. */
static void prefetch(const struct tcphs_tracker *tracker, const struct tcphs_decoded *items, size_t count,
                     struct tcphs_place *places)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != TCPHS_DECODED_NOTHING)
			tcphs_tracker_place(tracker, key_of(&items[i]), &places[i]);
	}
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < count; i++) {
			if (items[i].kind != TCPHS_DECODED_NOTHING)
				tcphs_tracker_prefetch(tracker, &places[i], round);
		}
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

/* Some reports want to see each segment, with what the tracker made of it. */
static void show(const struct reading *reading, const struct tcphs_decoded *item, const struct tcphs_mark *mark)
{
	for (guint i = 0; i < reading->job->mains->len; i++) {
		struct report *part = reading->current->parts[i];

		if (part->item)
			part->item(part, item, mark);
	}
}

/* Those reports also want to know where the rest of a segment is. */
static void show_pieces(const struct reading *reading, const struct batch *batch)
{
	for (size_t n = 0; n < batch->piece_count; n++) {
		for (guint i = 0; i < reading->job->mains->len; i++) {
			struct report *part = reading->current->parts[i];

			if (part->piece)
				part->piece(part, &batch->pieces[n]);
		}
	}
}

/* Feeds a batch to the tracker. */
static int track(struct reading *reading, const struct tcphs_decoded *items, size_t count)
{
	struct tcphs_place places[FEED_BATCH];
	struct tcphs_mark mark, *wanted = reading->ladders || reading->job->items_wanted ? &mark : NULL;
	uint64_t segments = 0;
	int result = TCPHS_OK;

	prefetch(reading->tracker, items, count, places);
	for (size_t i = 0; i < count && result == TCPHS_OK; i++) {
		const struct tcphs_decoded *item = &items[i];

		if (item->kind == TCPHS_DECODED_SEGMENT) {
			segments += (item->tcp.segment.have & TCPHS_HAVE_HEADER) != 0;
			result = tcphs_tracker_segment_at(reading->tracker, &places[i], &item->tcp.segment, wanted);
		} else if (item->kind == TCPHS_DECODED_QUOTE) {
			result = tcphs_tracker_quote(reading->tracker, &item->quote, wanted);
		} else {
			tcphs_tracker_frame(reading->tracker, item->time);
		}
		if (!wanted)
			continue;
		if (reading->ladders && result == TCPHS_OK)
			result = keep_line(reading, item, &mark);
		if (item->kind != TCPHS_DECODED_NOTHING && reading->job->items_wanted)
			show(reading, item, &mark);
	}
	reading->input.tally.segments += segments;
	return result;
}

/* ---- one input ----------------------------------------------------------------------------------- */

static void flush(const struct reading *reading)
{
	for (guint i = 0; i < reading->job->mains->len; i++) {
		if (reading->current->outputs[i].used)
			output_flush(&reading->current->outputs[i]);
	}
}

/* Takes what |feed| gives as far as it goes. False: memory is out. */
static bool take_batches(struct reading *reading, struct feed *feed)
{
	const struct batch *batch;

	while ((batch = feed_next(feed))) {
		reading->input.tally.frames = batch->frames;
		if (track(reading, batch->items, batch->count) != TCPHS_OK || !drain(reading))
			return false;
		show_pieces(reading, batch);
		watch_turn(reading, false);
		if (reading->live)
			flush(reading);
		if (stopped(reading))
			feed_stop(feed);
	}
	reading->current->stopped = stopped(reading);
	return true;
}

static enum feed_manner manner(const struct reading *reading)
{
	if (reading->live)
		return FEED_LIVE;
	return reading->job->ahead ? FEED_AHEAD : FEED_IN_TURN;
}

/* Reads as far as it goes. Returns why it goes no further, for g_free(), or NULL if that is the end. */
static char *read_frames(struct reading *reading, struct tcphs_input *frames)
{
	struct feed *feed = feed_new(reading->decoder, frames, manner(reading));
	bool taken = take_batches(reading, feed);

	feed_del(feed);
	if (!taken)
		return g_strdup(out_of_memory);
	if (reading->current->stopped)
		return g_strdup_printf("reading was stopped after frame %" G_GUINT64_FORMAT,
		                       reading->input.tally.frames);
	return g_strdup(tcphs_input_message(frames));
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
		all = all || !reading->current->parts[i]->choice;
		reading->choice = reading->current->parts[i]->choice;
	}
	if (all)
		reading->choice = NULL;
	if (wanted)
		reading->ladders = ladders_new(LADDER_LINES, LADDER_BUDGET);
	return !wanted || reading->ladders;
}

/* Frames that are left out for lack of a filter for them must not go unnoticed. */
static void count_filtered(struct reading *reading, const struct tcphs_input *frames)
{
	const char *reason;
	uint64_t rejected;
	int linktype;

	reading->input.tally.filtered = tcphs_input_filtered(frames);
	for (size_t i = 0; (reason = tcphs_input_unfilterable(frames, i, &linktype, &rejected)); i++) {
		char word[48];

		g_snprintf(word, sizeof(word), "filter_linktype_%d", linktype);
		tally_not_decoded(&reading->input.tally, word, rejected);
		if (!reading->current->remark)
			reading->current->remark = g_strdup_printf(
				"--filter does not work for link type %d (%s), so its %" G_GUINT64_FORMAT
				" frame%s were left out", linktype, reason, rejected, rejected == 1 ? "" : "s");
	}
}

/* The hosts of all inputs of the job. */
static void take_isns(struct reading *reading)
{
	struct tcphs_isn_table *isns = tcphs_tracker_take_isns(reading->tracker);
	struct job *job = reading->job;

	if (job->isns) {
		job->isns_incomplete |= isns && tcphs_isn_merge(job->isns, isns) != TCPHS_OK;
		tcphs_isn_del(isns);
	} else {
		job->isns = isns;
	}
}

/* Analyzes an input that could be opened. Returns what is wrong with it, for g_free(), or NULL. */
static char *analyze(struct reading *reading, struct tcphs_input *frames)
{
	struct tcphs_decode_config config = reading->job->options->decode;
	char *damaged;

	if (tcphs_tracker_new(&reading->tracker, &reading->job->options->engine) != TCPHS_OK)
		return g_strdup(out_of_memory);
	if (!prepare_ladders(reading)) {
		tcphs_tracker_del(reading->tracker);
		return g_strdup(out_of_memory);
	}
	config.pieces = reading->job->items_wanted;
	reading->decoder = tcphs_decoder_new(&config);
	damaged = read_frames(reading, frames);
	tcphs_tracker_finish(reading->tracker);
	if (!drain(reading) && !damaged)
		damaged = g_strdup(out_of_memory);
	reading->input.tally.evicted = tcphs_tracker_evicted(reading->tracker);
	take_isns(reading);
	count_not_decoded(reading);
	count_filtered(reading, frames);
	tcphs_decoder_del(reading->decoder);
	ladders_del(reading->ladders);
	reading->ladders = NULL;
	tcphs_tracker_del(reading->tracker);
	return damaged;
}

/* What was read, once more for each report that wants the frames. Returns what is wrong, for g_free(), or NULL. */
static char *show_frames(struct reading *reading, const struct tcphs_input *frames)
{
	enum tcphs_input_result result = TCPHS_INPUT_FRAME;
	struct tcphs_input *again;
	struct tcphs_frame frame;
	char *message = NULL;

	watch_turn(reading, true);
	again = tcphs_input_again(frames, &message);
	for (uint64_t n = 0; again && n < reading->input.tally.frames && !broken(reading); n++) {
		result = tcphs_input_next(again, &frame);
		if (result != TCPHS_INPUT_FRAME)
			break;
		for (guint i = 0; i < reading->job->mains->len; i++) {
			struct report *part = reading->current->parts[i];

			if (part->frame)
				part->frame(part, &frame);
		}
	}
	tcphs_input_close(again);
	if (again && result != TCPHS_INPUT_FRAME)
		message = g_strdup("changed while it was read, so not all of its frames were written: copy it first");
	return message;
}

/* What part->frame is for: all parts of a main report have it, or none has. */
static bool frames_wanted(const struct reading *reading)
{
	for (guint i = 0; i < reading->job->mains->len; i++) {
		if (reading->current->parts[i]->frame)
			return true;
	}
	return false;
}

/* Is it one of those in an archive? Their names have to be shown. */
static bool is_member(const struct job *job, const struct job_input *input)
{
	return strcmp(input->name, job->source->path) != 0;
}

static void begin_input(struct reading *reading, const char *name, char *const *joined)
{
	struct job *job = reading->job;
	struct job_input *input = g_new0(struct job_input, 1);

	input->name = g_strdup(name);
	input->parts = g_new0(struct report *, job->mains->len);
	input->outputs = g_new0(struct output, job->mains->len);
	for (guint i = 0; i < job->mains->len; i++) {
		const struct report *whole = g_ptr_array_index(job->mains, i);
		struct report *part = options_report(job->options, i)->kind->make();

		output_open_part(&input->outputs[i], whole->out);
		if (reading->released)
			output_release(&input->outputs[i]);
		part->out = &input->outputs[i];
		part->policy = whole->policy;
		part->several = whole->several || is_member(job, input);
		part->choice = whole->choice;
		part->live = reading->live;
		input->parts[i] = part;
		job->items_wanted = job->items_wanted || part->item;
	}
	g_ptr_array_add(job->inputs, input);
	reading->current = input;
	if (job->options->baseline)
		reading->baseline = baseline_input_new(job->options->baseline, name, !input->parts[0]->several);
	memset(&reading->input, 0, sizeof(reading->input));
	reading->input.path = input->name;
	reading->input.joined = joined;
	tally_init(&reading->input.tally);
	reading->input.tally.inputs = 1;
}

static void end_input(struct reading *reading, char *damaged)
{
	struct job_input *input = reading->current;

	reading->input.damaged = damaged;
	reading->input.tally.damaged = damaged != NULL;
	for (guint i = 0; i < reading->job->mains->len; i++) {
		if (input->parts[i]->input_end)
			input->parts[i]->input_end(input->parts[i], &reading->input);
	}
	watch_turn(reading, false);
	if (reading->released)
		flush(reading);
	else
		reading->held_before = reading->held;
	reading->broken = broken(reading);
	input->damaged = damaged;
	input->tally = reading->input.tally;
	reading->current = NULL;
	baseline_input_free(reading->baseline);
	reading->baseline = NULL;
}

/* One input: |frames|, or the |problem| in its place, a sentence. */
static void run_input(struct reading *reading, const char *name, char *const *joined, struct tcphs_input *frames,
                      const char *problem)
{
	char *damaged = g_strdup(problem), *unwritten = NULL;

	begin_input(reading, name, joined);
	watch_turn(reading, false);
	if (frames) {
		damaged = analyze(reading, frames);
		unwritten = frames_wanted(reading) ? show_frames(reading, frames) : NULL;
	}
	if (!damaged)
		damaged = g_steal_pointer(&unwritten);
	g_free(unwritten);
	end_input(reading, damaged);
}

/* ---- one source ---------------------------------------------------------------------------------- */

/* Frames that may come slowly are taken one by one, and what becomes known goes out at once: a batch would wait for its
 * last frame, a line for a buffer to be full. */
static bool is_live(const struct source *source)
{
	bool standard = strcmp(source->path, "-") == 0;
	struct stat status;

	for (guint i = 0; source->joined && i < source->joined->len; i++) {
		if (is_live(g_ptr_array_index(source->joined, i)))
			return true;
	}
	if (source->joined || (standard ? fstat(STDIN_FILENO, &status) : stat(source->path, &status)) != 0)
		return false;
	return !S_ISREG(status.st_mode);
}

static bool reads_standard_input(const struct source *source)
{
	for (guint i = 0; source->joined && i < source->joined->len; i++) {
		if (reads_standard_input(g_ptr_array_index(source->joined, i)))
			return true;
	}
	return strcmp(source->path, "-") == 0;
}

static void run_join(struct reading *reading)
{
	const GPtrArray *sources = reading->job->source->joined;
	struct tcphs_join *join = tcphs_join_new(&reading->config);
	struct tcphs_input *frames;
	char **names;

	for (guint i = 0; i < sources->len && !stopped(reading); i++) {
		const struct source *source = g_ptr_array_index(sources, i);

		if (source->problem)
			tcphs_join_damaged(join, source->path, source->problem);
		else
			tcphs_join_add(join, source->path, source->found);
	}
	names = tcphs_join_names(join);
	frames = tcphs_join_input(join);
	run_input(reading, reading->job->source->path, names, frames, NULL);
	tcphs_input_close(frames);
	tcphs_join_free(join);
	g_strfreev(names);
}

static void run_captures(struct reading *reading)
{
	const struct source *source = reading->job->source;
	struct tcphs_captures *captures = tcphs_captures_open(source->path, &reading->config);
	struct tcphs_capture capture;

	while (!stopped(reading) && tcphs_captures_next(captures, &capture)) {
		if (capture.nothing && source->found)
			continue;
		run_input(reading, capture.name, NULL, capture.input, capture.problem);
		tcphs_input_close(capture.input);
	}
	tcphs_captures_close(captures);
}

void job_run(struct job *job)
{
	struct reading *reading = g_new0(struct reading, 1);
	bool standard = reads_standard_input(job->source);

	reading->job = job;
	reading->config = job->options->input;
	reading->live = is_live(job->source);
	if (standard)
		interrupt_reader(true);
	reading->findings = g_array_new(FALSE, FALSE, sizeof(struct tcphs_finding));
	if (job->source->problem)
		run_input(reading, job->source->path, NULL, NULL, job->source->problem);
	else if (job->source->joined)
		run_join(reading);
	else
		run_captures(reading);
	if (standard)
		interrupt_reader(false);
	g_array_unref(reading->findings);
	g_free(reading);
}

/* ---- life ---------------------------------------------------------------------------------------- */

struct job *job_new(guint number, const struct options *options, const struct source *source, GPtrArray *mains,
                    struct turn *turn, bool ahead)
{
	struct job *job = g_new0(struct job, 1);

	job->number = number;
	job->ahead = ahead;
	job->options = options;
	job->source = source;
	job->mains = mains;
	job->turn = turn;
	job->expected = expected_new(options->policy.expectations);
	job->inputs = g_ptr_array_new();
	return job;
}

void job_adopt(struct job *job)
{
	for (guint n = 0; n < job->inputs->len; n++) {
		struct job_input *input = g_ptr_array_index(job->inputs, n);

		for (guint i = 0; i < job->mains->len; i++) {
			struct report *whole = g_ptr_array_index(job->mains, i);

			whole->several = whole->several || is_member(job, input);
			output_adopt(whole->out, &input->outputs[i]);
			if (whole->adopt)
				whole->adopt(whole, input->parts[i]);
		}
	}
}

static void input_free(struct job_input *input, guint parts)
{
	for (guint i = 0; i < parts; i++)
		input->parts[i]->del(input->parts[i]);
	tally_clear(&input->tally);
	g_free(input->name);
	g_free(input->parts);
	g_free(input->outputs);
	g_free(input->damaged);
	g_free(input->remark);
	g_free(input);
}

void job_free(struct job *job)
{
	for (guint n = 0; n < job->inputs->len; n++)
		input_free(g_ptr_array_index(job->inputs, n), job->mains->len);
	g_ptr_array_unref(job->inputs);
	tcphs_isn_del(job->isns);
	g_ptr_array_unref(job->expected);
	g_free(job);
}
