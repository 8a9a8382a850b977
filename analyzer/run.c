/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.c - jobs: as many inputs at a time as was asked for, reported in the order of the inputs.
 *
 * Each input is a job (job.c) with a tracker, a decoder and a part of each report of its own, so that threads share
 * nothing but what nobody changes. The jobs begin in order and are adopted in order, by the thread that called run():
 * reports, complaints and the hosts' ISNs are the same octets whichever job is done first. Only so many jobs begin
 * before the first of them is adopted that their outcomes fit into memory. With one job at a time, or one input, they
 * run on the thread that called. Threads that no job needs read ahead for those that there are.
 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "interrupt.h"
#include "job.h"
#include "progress.h"
#include "report/text.h"

/* Jobs that may have begun, for each thread, before the first of them is adopted. */
#define AHEAD 16

/* Octets of reports that all jobs together may hold before their turn. */
#define BUDGET ((size_t)256 << 20)

struct run {
	const struct options *options;
	GPtrArray *sources, *reports;
	GPtrArray *jobs;                /* struct job *, NULL until it begins and after it was adopted */
	bool *done;                     /* under turn.mutex */
	struct turn turn;
	GThreadPool *pool;              /* NULL: this thread does it */
	bool ahead;                     /* there are more threads than inputs */
	struct tally total;
	struct tcphs_isn_table *isns;   /* hosts of all inputs; NULL if no report wants them */
	GPtrArray *expected;            /* struct expected *, of each expectation of the policy */
	bool failing;                   /* something to fail on was met */
	bool lacking;                   /* something that was wanted was not met */
	guint begun;                    /* inputs that were opened */
	char *stopped;                  /* the first input that was not read to its end */
	uint64_t stopped_at;            /* the frame that was read last of it */
};

/* What an input is called in a sentence, for g_free(). */
static char *name_of(const char *input)
{
	return strcmp(input, "-") == 0 ? g_strdup("standard input") : text_escape(input);
}

static void complain_of(const char *input, const char *problem)
{
	char *name = name_of(input);

	complain("%s: %s", name, problem);
	g_free(name);
}

/* After a signal: how far reading came, in one sentence. */
static void complain_of_signal(const struct run *run)
{
	const char *signal = interrupt_signal() == SIGINT ? "SIGINT" : "SIGTERM";
	guint unread = run->sources->len - run->begun;
	GString *sentence = g_string_new(NULL);

	if (run->stopped) {
		char *name = name_of(run->stopped);

		g_string_append_printf(sentence, "%s was read up to frame %" G_GUINT64_FORMAT, name, run->stopped_at);
		g_free(name);
	}
	if (unread)
		g_string_append_printf(sentence, "%s%u %sfile%s not at all", run->stopped ? ", and " : "", unread,
		                       run->stopped ? "more " : "", unread == 1 ? "" : "s");
	if (!sentence->len)
		g_string_append(sentence, "all inputs had been read");
	complain("stopped by %s; %s", signal, sentence->str);
	g_string_free(sentence, TRUE);
}

static int first_error(const GPtrArray *reports)
{
	for (guint i = 0; i < reports->len; i++) {
		const struct report *report = g_ptr_array_index(reports, i);

		if (report->out->error)
			return report->out->error;
	}
	return 0;
}

static bool stopped(const struct run *run)
{
	return interrupt_signal() || first_error(run->reports);
}

/* ---- jobs ---------------------------------------------------------------------------------------- */

/* On a thread of the pool. */
static void work(gpointer job_data, gpointer run_data)
{
	struct job *job = job_data;
	struct run *run = run_data;

	job_run(job);
	g_mutex_lock(&run->turn.mutex);
	run->done[job->number] = true;
	g_cond_broadcast(&run->turn.moved);
	g_mutex_unlock(&run->turn.mutex);
}

/* Begins jobs as far as the one with |number| allows. */
static void begin(struct run *run, guint number)
{
	guint last = run->pool ? number + AHEAD * run->options->jobs : number;

	while (run->jobs->len < run->sources->len && run->jobs->len <= last) {
		struct job *job = job_new(run->jobs->len, run->options,
		                          g_ptr_array_index(run->sources, run->jobs->len), run->reports, &run->turn,
		                          run->ahead);

		g_ptr_array_add(run->jobs, job);
		if (run->pool)
			g_thread_pool_push(run->pool, job, NULL);
	}
}

/* It is this job's turn: from now on it writes itself. Comes back when it is over. */
static void await(struct run *run, struct job *job)
{
	for (guint i = 0; i < run->reports->len; i++)
		output_flush(((struct report *)g_ptr_array_index(run->reports, i))->out);
	g_mutex_lock(&run->turn.mutex);
	run->turn.now = job->number;
	run->turn.broken = first_error(run->reports) != 0;
	g_cond_broadcast(&run->turn.moved);
	while (run->pool && !run->done[job->number])
		g_cond_wait(&run->turn.moved, &run->turn.mutex);
	g_mutex_unlock(&run->turn.mutex);
	if (!run->pool)
		job_run(job);
}

static void complain_of_evictions(const struct run *run, const struct job_input *input)
{
	uint64_t evicted = input->tally.evicted;
	char *problem;

	if (!evicted)
		return;
	problem = g_strdup_printf("%" G_GUINT64_FORMAT " connection%s had to make room for others "
	                          "(--max-connections %u) and %s reported as %s stood: allow more, or split the "
	                          "capture", evicted, evicted == 1 ? "" : "s", run->options->engine.max_connections,
	                          evicted == 1 ? "was" : "were", evicted == 1 ? "it" : "they");
	complain_of(input->name, problem);
	g_free(problem);
}

static void adopt_input(struct run *run, const struct job_input *input)
{
	if (input->stopped && !run->stopped) {
		run->stopped = g_strdup(input->name);
		run->stopped_at = input->tally.frames;
	}
	if (input->damaged && !input->stopped)
		complain_of(input->name, input->damaged);
	if (input->remark)
		complain_of(input->name, input->remark);
	complain_of_evictions(run, input);
	tally_add(&run->total, &input->tally);
}

static void adopt(struct run *run, struct job *job)
{
	job_adopt(job);
	progress_input_end();
	run->begun += job->inputs->len > 0;
	for (guint i = 0; i < job->inputs->len; i++)
		adopt_input(run, g_ptr_array_index(job->inputs, i));
	run->failing = run->failing || job->failing;
	expected_add(run->expected, job->expected);
	if (job->isns_incomplete ||
	    (run->isns && job->isns && tcphs_isn_merge(run->isns, job->isns) != TCPHS_OK))
		complain("%s", "memory is out for the ISNs of hosts, so what is said of them is not all: "
		               "analyze fewer files at a time");
	g_ptr_array_index(run->jobs, job->number) = NULL;
	job_free(job);
}

static void run_jobs(struct run *run)
{
	for (guint i = 0; i < run->sources->len && !(stopped(run) && i >= run->jobs->len); i++) {
		begin(run, i);
		await(run, g_ptr_array_index(run->jobs, i));
		adopt(run, g_ptr_array_index(run->jobs, i));
	}
}

/* ---- the whole ----------------------------------------------------------------------------------- */

/* ISN quality is a property of hosts, and they may be in several inputs. */
static void report_hosts(struct run *run)
{
	struct tcphs_host host;

	while (run->isns && tcphs_isn_next(run->isns, &host)) {
		for (guint i = 0; i < run->reports->len; i++) {
			struct report *report = g_ptr_array_index(run->reports, i);

			if (report->host)
				report->host(report, &host);
		}
	}
	if (run->isns && tcphs_isn_full(run->isns))
		complain("ISNs were looked at of the first %d hosts of an input only: split it to see the others",
		         TCPHS_ISN_HOSTS);
}

static void report_expected(struct run *run)
{
	for (guint i = 0; i < run->expected->len; i++) {
		const struct expected *expected = g_ptr_array_index(run->expected, i);

		run->failing = run->failing || !expected_held(expected);
		for (guint j = 0; j < run->reports->len; j++) {
			struct report *report = g_ptr_array_index(run->reports, j);

			if (report->expected)
				report->expected(report, expected);
		}
	}
}

static bool hosts_wanted(const GPtrArray *reports)
{
	for (guint i = 0; i < reports->len; i++) {
		if (((const struct report *)g_ptr_array_index(reports, i))->host)
			return true;
	}
	return false;
}

static void report_begin(const struct run *run)
{
	for (guint i = 0; i < run->reports->len; i++) {
		struct report *report = g_ptr_array_index(run->reports, i);

		if (report->begin)
			report->begin(report);
		output_flush(report->out);  /* the first job has its turn at once */
	}
}

static void report_finish(struct run *run)
{
	for (guint i = 0; i < run->reports->len; i++) {
		struct report *report = g_ptr_array_index(run->reports, i);

		if (report->finish)
			report->finish(report, &run->total);
		output_flush(report->out);
		if (!report->lacking || interrupt_signal())
			continue;
		complain("%s", report->lacking);
		g_free(report->lacking);
		report->lacking = NULL;
		run->lacking = true;
	}
}

static int exit_status(const struct run *run)
{
	int error = first_error(run->reports);

	if (interrupt_signal())
		return EXIT_SIGNAL + interrupt_signal();
	if (error == EPIPE)
		return EXIT_SIGNAL + SIGPIPE;
	if (error || run->total.damaged || run->total.evicted || !run->total.inputs)
		return EXIT_UNREAD;
	if (run->lacking)
		return EXIT_USAGE;
	return run->failing ? EXIT_SOMETHING : EXIT_NOTHING;
}

static void run_open(struct run *run, const struct options *options, GPtrArray *sources, GPtrArray *reports)
{
	memset(run, 0, sizeof(*run));
	run->options = options;
	run->sources = sources;
	run->reports = reports;
	run->jobs = g_ptr_array_new();
	run->done = g_new0(bool, sources->len + 1);
	g_mutex_init(&run->turn.mutex);
	g_cond_init(&run->turn.moved);
	run->turn.budget = BUDGET;
	tally_init(&run->total);
	run->expected = expected_new(options->policy.expectations);
	run->isns = hosts_wanted(reports) ? tcphs_isn_new(&options->engine) : NULL;
	run->ahead = options->jobs > sources->len;
	/* Where no thread can be made, this one does all. */
	if (options->jobs > 1 && sources->len > 1)
		run->pool = g_thread_pool_new(work, run, (gint)options->jobs, TRUE, NULL);
}

static void run_close(struct run *run)
{
	if (run->pool)
		g_thread_pool_free(run->pool, FALSE, TRUE);
	g_ptr_array_unref(run->jobs);
	g_free(run->done);
	g_free(run->stopped);
	g_mutex_clear(&run->turn.mutex);
	g_cond_clear(&run->turn.moved);
	tally_clear(&run->total);
	g_ptr_array_unref(run->expected);
	tcphs_isn_del(run->isns);
}

/* How much there is in them; 0 if that cannot be known. */
static uint64_t octets_of(const GPtrArray *sources)
{
	struct stat status;
	uint64_t octets = 0;

	for (guint i = 0; i < sources->len; i++) {
		const struct source *source = g_ptr_array_index(sources, i);

		if (source->joined)
			return octets_of(source->joined);
		if (strcmp(source->path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(source->path, &status))
			continue;
		if (!S_ISREG(status.st_mode))
			return 0;
		octets += (uint64_t)status.st_size;
	}
	return octets;
}

int run(const struct options *options, GPtrArray *sources, GPtrArray *reports)
{
	struct run run;
	int status;

	run_open(&run, options, sources, reports);
	report_begin(&run);
	/* What is to be written is read twice. */
	progress_begin(sources->len, octets_of(sources) * (options->input.again ? 2 : 1));
	run_jobs(&run);
	progress_end();
	report_hosts(&run);
	report_expected(&run);
	report_finish(&run);
	if (interrupt_signal())
		complain_of_signal(&run);
	else if (!run.total.inputs && !first_error(reports))
		complain("%s", "no capture is in what was named; name pcap or pcapng files, packed or not");
	status = exit_status(&run);
	run_close(&run);
	return status;
}
