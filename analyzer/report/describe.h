/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * describe.h - the one sentence that a person gets about a connection: its worst finding.
 */
#ifndef TCPHS_DESCRIBE_H
#define TCPHS_DESCRIBE_H

#include <stddef.h>

#include "policy.h"
#include "report.h"
#include "tcphs.h"

/** Room for what is said of a finding. */
#define DESCRIPTION (REPORT_SENTENCE + 128)

/**
 * describe_worst(): the finding with the highest severity; of these the one that says why the verdict is what it is,
 * else the first; NULL if there is none.
 */
const struct tcphs_finding *describe_worst(const struct policy *policy, const struct tcphs_summary *summary);

/** describe(): "synack_bad_ack, frame 2: the sentence (2 more)", plain ASCII. Returns the length. */
size_t describe(char text[DESCRIPTION], const struct tcphs_finding *finding, const struct tcphs_summary *summary);

#endif
