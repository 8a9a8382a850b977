/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.c - the way of a frame: input -> decoder -> tracker -> report.
 *
 * Frames are decoded in batches, and the tracker is told of a batch's keys before it gets the segments: in a flood
 * every segment is a new connection and a cache miss, and this way the misses overlap. One tracker per input. Retired
 * connections are drained after every batch, so that what is kept does not grow with the length of the capture.
 *
 * Reading stops early for a signal, for a reader that went away and for lack of memory. The connections met so far are
 * then judged as if the capture ended there, and the input is called damaged: nobody shall take the report for whole.
 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "interrupt.h"
#include "report/text.h"
#include "sources.h"

/* So many items that about 32 frames are taken together: enough misses overlap, and all fit the processor's caches. */
#define BATCH (32 + TCPHS_DECODE_ITEMS - 1)

struct run {
	const struct options *options;
	struct report *report;
	struct tcphs_decoder *decoder;
	struct tally total;
	struct tcphs_isn_table *isns;   /* hosts of all inputs; NULL if the report does not want them */
	struct tcphs_decoded items[BATCH];
	bool failing;            /* something to fail on was met */
};

static const char out_of_memory[] = "memory is out here and reading stopped: split the capture, or use --format ndjson";

/* Hands over the connections that have retired. Those that memory is out for are still counted, and can still fail. */
static bool drain(struct run *run, struct report_input *input, struct tcphs_tracker *tracker)
{
	struct tcphs_summary summary;
	bool taken = true;

	while (tcphs_tracker_next(tracker, &summary)) {
		const char *encap = tcphs_decoder_encap(run->decoder, summary.encap);

		tally_connection(&input->tally, &summary);
		run->failing = run->failing || policy_fails(&run->options->policy, &summary);
		taken = run->report->connection(run->report, input, &summary, encap) && taken;
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

/* Feeds a batch to the tracker. */
static int track(struct tcphs_tracker *tracker, struct tally *tally, const struct tcphs_decoded *items, size_t count)
{
	struct tcphs_mark mark;
	int result = TCPHS_OK;

	prefetch(tracker, items, count);
	for (size_t i = 0; i < count && result == TCPHS_OK; i++) {
		const struct tcphs_decoded *item = &items[i];

		if (item->first)
			tcphs_tracker_frame(tracker, item->time);
		if (item->kind == TCPHS_DECODED_SEGMENT) {
			tally->segments += (item->tcp.segment.have & TCPHS_HAVE_HEADER) != 0;
			result = tcphs_tracker_segment(tracker, &item->tcp.key, &item->tcp.segment, &mark);
		} else if (item->kind == TCPHS_DECODED_QUOTE) {
			result = tcphs_tracker_quote(tracker, &item->quote, &mark);
		}
	}
	return result;
}

static bool stopped(const struct run *run)
{
	return interrupt_signal() || run->report->out->error;
}

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

/* Reads one input as far as it goes. Returns why it goes no further, for g_free(), or NULL if that is the end. */
static char *read_input(struct run *run, struct report_input *input, struct tcphs_input *frames,
                        struct tcphs_tracker *tracker)
{
	bool live = is_live(input->path);
	size_t capacity = live ? TCPHS_DECODE_ITEMS : BATCH;
	enum tcphs_input_result result;
	size_t count;

	do {
		result = tcphs_decode_batch(run->decoder, frames, run->items, capacity, &count,
		                            &input->tally.frames);
		if (track(tracker, &input->tally, run->items, count) != TCPHS_OK || !drain(run, input, tracker))
			return g_strdup(out_of_memory);
		if (live && run->report->out->used)
			output_flush(run->report->out);
	} while (result == TCPHS_INPUT_FRAME && !stopped(run));
	if (stopped(run))
		return g_strdup_printf("reading was stopped after frame %" G_GUINT64_FORMAT, input->tally.frames);
	return result == TCPHS_INPUT_DAMAGED ? g_strdup(tcphs_input_message(frames)) : NULL;
}

static void count_not_decoded(struct run *run, struct tally *tally)
{
	const char *word;
	uint64_t frames;

	for (size_t i = 0; (word = tcphs_decoder_not_decoded(run->decoder, i, &frames)); i++)
		tally_not_decoded(tally, word, frames);
	tcphs_decoder_reset(run->decoder);
}

/* Analyzes an input that could be opened. Returns what is wrong with it, for g_free(), or NULL. */
static char *analyze(struct run *run, struct report_input *input, struct tcphs_input *frames)
{
	struct tcphs_tracker *tracker;
	char *damaged;

	if (tcphs_tracker_new(&tracker, &run->options->engine) != TCPHS_OK)
		return g_strdup(out_of_memory);
	damaged = read_input(run, input, frames, tracker);
	tcphs_tracker_finish(tracker);
	if (!drain(run, input, tracker) && !damaged)
		damaged = g_strdup(out_of_memory);
	if (run->isns && tcphs_isn_merge(run->isns, tcphs_tracker_isns(tracker)) != TCPHS_OK && !damaged)
		damaged = g_strdup(out_of_memory);
	tcphs_tracker_del(tracker);
	count_not_decoded(run, &input->tally);
	return damaged;
}

static void complain_of(const char *path, const char *problem)
{
	char *escaped = text_escape(path);

	complain("%s: %s", strcmp(path, "-") == 0 ? "standard input" : escaped, problem);
	g_free(escaped);
}

static void run_source(struct run *run, const struct source *source)
{
	struct report_input input = { .path = source->path };
	char *damaged = g_strdup(source->problem);
	struct tcphs_input *frames = damaged ? NULL : tcphs_input_open(source->path, &damaged);

	tally_init(&input.tally);
	input.tally.inputs = 1;
	if (frames)
		damaged = analyze(run, &input, frames);
	tcphs_input_close(frames);
	input.damaged = damaged;
	input.tally.damaged = damaged != NULL;
	if (damaged && !stopped(run))
		complain_of(source->path, damaged);
	run->report->input_end(run->report, &input);
	tally_add(&run->total, &input.tally);
	tally_clear(&input.tally);
	g_free(damaged);
}

/* After a signal: how far reading came, in one sentence. */
static void complain_of_signal(const GPtrArray *sources, guint begun, uint64_t frames)
{
	const struct source *source = g_ptr_array_index(sources, begun - 1);
	char *path = text_escape(source->path);
	guint unread = sources->len - begun;
	const char *signal = interrupt_signal() == SIGINT ? "SIGINT" : "SIGTERM";

	if (unread)
		complain("stopped by %s; %s was read up to frame %" G_GUINT64_FORMAT ", and %u more file%s not at all",
		         signal, path, frames, unread, unread == 1 ? "" : "s");
	else
		complain("stopped by %s; %s was read up to frame %" G_GUINT64_FORMAT, signal, path, frames);
	g_free(path);
}

/* ISN quality is a property of hosts, and they may be in several inputs. */
static void report_hosts(struct run *run)
{
	struct tcphs_host host;

	while (run->isns && tcphs_isn_next(run->isns, &host))
		run->report->host(run->report, &host);
	if (run->isns && tcphs_isn_full(run->isns))
		complain("ISNs were looked at of the first %d hosts of an input only: split it to see the others",
		         TCPHS_ISN_HOSTS);
}

static int exit_status(const struct run *run)
{
	const struct output *out = run->report->out;

	if (interrupt_signal())
		return EXIT_SIGNAL + interrupt_signal();
	if (out->error == EPIPE)
		return EXIT_SIGNAL + SIGPIPE;
	if (out->error) {
		complain("the report could not be written: %s", g_strerror(out->error));
		return EXIT_UNREAD;
	}
	if (run->total.damaged)
		return EXIT_UNREAD;
	return run->failing ? EXIT_SOMETHING : EXIT_NOTHING;
}

int run(const struct options *options, GPtrArray *sources, struct report *report)
{
	struct run *run = g_new0(struct run, 1);
	uint64_t before = 0;
	guint begun = 0;
	int status;

	run->options = options;
	run->report = report;
	run->decoder = tcphs_decoder_new(&options->decode);
	tally_init(&run->total);
	run->isns = report->host ? tcphs_isn_new(&options->engine) : NULL;
	while (begun < sources->len && !stopped(run)) {
		before = run->total.frames;
		run_source(run, g_ptr_array_index(sources, begun++));
	}
	report_hosts(run);
	report->finish(report, &run->total);
	output_flush(report->out);
	if (interrupt_signal() && begun)
		complain_of_signal(sources, begun, run->total.frames - before);
	status = exit_status(run);
	tally_clear(&run->total);
	tcphs_isn_del(run->isns);
	tcphs_decoder_del(run->decoder);
	g_free(run);
	return status;
}
