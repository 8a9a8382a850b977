/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_policy.c - arbitrary octets as a policy.
 *
 * It is taken, or there is one sentence that says why not and can be printed.
 */
#define _GNU_SOURCE /* memfd_create */

#include <glib.h>
#include <string.h>

#include "fuzz_file.h"
#include "policy.h"
#include "policy_file.h"
#include "tcphs.h"

static void check_sentence(const char *message)
{
	CHECK(g_utf8_validate(message, -1, NULL));
	for (const char *at = message; *at; at = g_utf8_next_char(at))
		CHECK(g_unichar_isprint(g_utf8_get_char(at)));
}

/* Whatever it says, it can be asked about a connection. */
static void ask(const struct policy *policy)
{
	struct tcphs_finding finding = { .rule = TCPHS_RULE_SYN_AGAIN, .at = 1 };
	struct tcphs_summary summary = { .findings = &finding, .finding_count = 1, .first = 1, .last = 2 };
	GArray *findings = g_array_new(FALSE, FALSE, sizeof(struct tcphs_finding));

	summary.judgement.verdict = TCPHS_INCOMPLETE;
	summary.judgement.reason = TCPHS_REASON_UNANSWERED;
	policy_ignores(policy, &summary);
	policy_silence(policy, &summary, findings);
	CHECK(summary.finding_count <= 1);
	policy_fails(policy, &summary);
	g_array_unref(findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_file file;
	struct policy policy;
	struct tcphs_config config;
	char *message = NULL;

	policy_default(&policy);
	tcphs_config_default(&config);
	fuzz_file_open(&file, data, size);
	CHECK(policy_file_read(file.path, &policy, &config, &message) == (message == NULL));
	if (message)
		check_sentence(message);
	else
		ask(&policy);
	CHECK(config.horizon >= 0 && config.linger >= 0 && config.forget >= 0 && config.slow >= 0);
	g_free(message);
	policy_clear(&policy);
	fuzz_file_close(&file);
	return 0;
}
