/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally.c - counting.
 */
#include "tally.h"

#include <string.h>

static gint by_word(gconstpointer a, gconstpointer b, gpointer unused)
{
	(void)unused;
	return strcmp(a, b);
}

void tally_init(struct tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	tally->not_decoded = g_tree_new_full(by_word, NULL, g_free, g_free);
}

void tally_clear(struct tally *tally)
{
	g_tree_destroy(tally->not_decoded);
	tally->not_decoded = NULL;
}

void tally_connection(struct tally *tally, const struct tcphs_summary *summary)
{
	tally->connections++;
	tally->verdicts[summary->judgement.verdict]++;
	tally->reasons[summary->judgement.reason]++;
	for (size_t i = 0; i < summary->finding_count; i++)
		tally->rules[summary->findings[i].rule]++;
}

void tally_not_decoded(struct tally *tally, const char *word, uint64_t frames)
{
	uint64_t *count = g_tree_lookup(tally->not_decoded, word);

	if (!count) {
		count = g_new0(uint64_t, 1);
		g_tree_insert(tally->not_decoded, g_strdup(word), count);
	}
	*count += frames;
}

static gboolean add_not_decoded(gpointer word, gpointer frames, gpointer tally)
{
	tally_not_decoded(tally, word, *(const uint64_t *)frames);
	return FALSE;
}

void tally_add(struct tally *tally, const struct tally *other)
{
	tally->inputs += other->inputs;
	tally->damaged += other->damaged;
	tally->frames += other->frames;
	tally->segments += other->segments;
	tally->filtered += other->filtered;
	tally->connections += other->connections;
	tally->evicted += other->evicted;
	tally->ignored += other->ignored;
	tally->known += other->known;
	for (int i = 0; i < TCPHS_VERDICTS; i++)
		tally->verdicts[i] += other->verdicts[i];
	for (int i = 0; i < TCPHS_REASONS; i++)
		tally->reasons[i] += other->reasons[i];
	for (int i = 0; i < TCPHS_RULES; i++)
		tally->rules[i] += other->rules[i];
	g_tree_foreach(other->not_decoded, add_not_decoded, tally);
}
