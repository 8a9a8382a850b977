/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.h - the way of a frame: decoder -> tracker -> reports.
 */
#ifndef TCPHS_JOB_H
#define TCPHS_JOB_H

#include <glib.h>

#include "options.h"
#include "report/report.h"
#include "sources.h"

/**
 * struct turn: jobs run at the same time, and their reports appear in order. What a job reports before its turn has
 * come is held in memory, up to a budget for all of them; then it waits.
 */
struct turn {
	GMutex mutex;
	GCond moved;
	guint now;            /* number of the job whose turn it is */
	size_t held, budget;  /* octets of reports */
	bool broken;          /* no report is wanted any more: an output failed */
};

/** struct job_input: one input of a job, with a part of each report, and its outcome. */
struct job_input {
	char *name;
	struct report **parts;        /* one for each of |mains| */
	struct output *outputs;       /* theirs */
	struct tally tally;
	char *damaged;                /* why it could not be read to its end, or NULL */
	char *remark;                 /* something else to be said of it, a sentence, or NULL */
	bool stopped;                 /* reading stopped early, by a signal or a broken output */
};

/** struct job: one source, which gives one input, or several if it is an archive. */
struct job {
	guint number;                 /* its place in the order */
	const struct options *options;
	const struct source *source;
	GPtrArray *mains;             /* struct report *, for reading only */
	struct turn *turn;
	bool ahead;                   /* a second thread may read ahead */
	/* The outcome: */
	GPtrArray *inputs;            /* struct job_input *, in order; none if the source was not opened */
	struct tcphs_isn_table *isns; /* their hosts; NULL without */
	bool isns_incomplete;         /* memory was out for some of them */
	GPtrArray *expected;          /* struct expected *, of each expectation of the policy */
	bool failing;                 /* something to fail on was met */
	bool items_wanted;            /* some report looks at every segment */
};

/** job_new(): nothing is read yet. */
struct job *job_new(guint number, const struct options *options, const struct source *source, GPtrArray *mains,
                    struct turn *turn, bool ahead);

/** job_run(): reads the source to its end, on any thread. */
void job_run(struct job *job);

/** job_adopt(): in the order of jobs, when it is over: the main reports take over its parts. */
void job_adopt(struct job *job);

void job_free(struct job *job);

#endif
