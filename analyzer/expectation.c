/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expectation.c - counts connections against what was expected.
 */
#include "expectation.h"

#include <math.h>
#include <string.h>

#include "report/text.h"

void expectation_free(gpointer data)
{
	struct expectation *expectation = data;

	if (!expectation)
		return;
	condition_clear(&expectation->condition);
	g_free(expectation->name);
	g_free(expectation);
}

bool bound_parse(struct bound *bound, const char *where, const char *text, char **message)
{
	char *end, *escaped;
	double value = g_ascii_strtod(text, &end);
	bool number = end != text && g_ascii_isdigit(*text);
	bool percent;

	while (*end == ' ')
		end++;
	percent = strcmp(end, "%") == 0;
	if (number && ((percent && value <= 100) || (*end == '\0' && value <= UINT32_MAX && value == floor(value)))) {
		*bound = (struct bound){ .given = true, .percent = percent, .value = value };
		return true;
	}
	escaped = text_escape(text);
	*message = g_strdup_printf("%s: \"%s\" is neither a number of connections, such as 5, nor a percentage, such "
	                           "as 1 %%", where, escaped);
	g_free(escaped);
	return false;
}

bool expectation_governs(const struct expectation *expectation, const struct tcphs_summary *summary)
{
	if (!condition_chooses(&expectation->condition, &summary->key))
		return false;
	return !expectation->at_most.given || expectation->at_least.given ||
	       condition_fits(&expectation->condition, summary);
}

/* ---- counting ------------------------------------------------------------------------------------ */

static void example_free(gpointer data)
{
	struct example *example = data;

	g_free(example->file);
	g_free(example->text);
	g_free(example);
}

static struct example *example_new(const char *file, const struct tcphs_summary *summary)
{
	struct example *example = g_new(struct example, 1);
	char client[TEXT_ENDPOINT], server[TEXT_ENDPOINT];

	text_endpoint(client, summary->key.src, summary->key.sport);
	text_endpoint(server, summary->key.dst, summary->key.dport);
	example->file = g_strdup(file);
	example->stream = summary->stream;
	example->incarnation = summary->incarnation;
	example->text = g_strdup_printf("%s > %s is %s (%s)", client, server,
	                                tcphs_verdict_word((enum tcphs_verdict)summary->judgement.verdict),
	                                tcphs_reason_word((enum tcphs_reason)summary->judgement.reason));
	return example;
}

static void expected_free(gpointer data)
{
	struct expected *expected = data;

	g_ptr_array_unref(expected->examples);
	g_free(expected);
}

GPtrArray *expected_new(const GPtrArray *expectations)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(expected_free);

	for (guint i = 0; i < expectations->len; i++) {
		struct expected *expected = g_new0(struct expected, 1);

		expected->expectation = g_ptr_array_index(expectations, i);
		expected->examples = g_ptr_array_new_with_free_func(example_free);
		g_ptr_array_add(list, expected);
	}
	return list;
}

static void count(struct expected *expected, const char *file, const struct tcphs_summary *summary)
{
	const struct expectation *expectation = expected->expectation;
	bool few = expectation->at_most.given && !expectation->at_least.given;
	bool fits;

	if (!condition_chooses(&expectation->condition, &summary->key))
		return;
	fits = condition_fits(&expectation->condition, summary);
	expected->chosen++;
	expected->fitting += fits;
	if (fits != few)
		return;
	expected->others++;
	if (expected->examples->len < EXPECTATION_EXAMPLES)
		g_ptr_array_add(expected->examples, example_new(file, summary));
}

void expected_count(GPtrArray *list, const char *file, const struct tcphs_summary *summary)
{
	for (guint i = 0; i < list->len; i++)
		count(g_ptr_array_index(list, i), file, summary);
}

void expected_add(GPtrArray *list, const GPtrArray *others)
{
	for (guint i = 0; i < list->len; i++) {
		struct expected *expected = g_ptr_array_index(list, i);
		struct expected *other = g_ptr_array_index(others, i);

		expected->chosen += other->chosen;
		expected->fitting += other->fitting;
		expected->others += other->others;
		while (other->examples->len && expected->examples->len < EXPECTATION_EXAMPLES)
			g_ptr_array_add(expected->examples, g_ptr_array_steal_index(other->examples, 0));
	}
}

/* ---- what came of it ----------------------------------------------------------------------------- */

/* What is compared with the bound's value. */
static double measured(const struct expected *expected, const struct bound *bound)
{
	return bound->percent ? 100 * (double)expected->fitting : (double)expected->fitting;
}

static double limit(const struct expected *expected, const struct bound *bound)
{
	return bound->percent ? bound->value * (double)expected->chosen : bound->value;
}

bool expected_held(const struct expected *expected)
{
	const struct bound *most = &expected->expectation->at_most, *least = &expected->expectation->at_least;

	if (!most->given && !least->given)
		return expected->fitting == expected->chosen;
	return (!most->given || measured(expected, most) <= limit(expected, most)) &&
	       (!least->given || measured(expected, least) >= limit(expected, least));
}

/* "are unanswered or refused and have syn_again". */
static void append_condition(GString *text, const struct condition *condition)
{
	static const char *const verbs[CONDITION_KEYS] = { " are ", " are ", " have " };
	const char *and = "";

	for (int key = 0; key < CONDITION_KEYS; key++) {
		char **words = condition->words[key] ? g_strsplit(condition->words[key], ",", -1) : NULL;

		for (char **word = words; word && *word; word++)
			g_strstrip(*word);
		if (words) {
			char *list = g_strjoinv(" or ", words);

			g_string_append_printf(text, "%s%s%s", and, verbs[key], list);
			g_free(list);
			and = " and";
		}
		g_strfreev(words);
	}
}

static void append_bound(GString *text, const char *separator, const char *word, const struct bound *bound)
{
	if (bound->given)
		g_string_append_printf(text, "%s%s %g%s", separator, word, bound->value, bound->percent ? " %" : "");
}

char *expected_text(const struct expected *expected)
{
	const struct bound *most = &expected->expectation->at_most, *least = &expected->expectation->at_least;
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " connections", expected->fitting,
	                       expected->chosen);
	if ((most->percent || least->percent) && expected->chosen)
		g_string_append_printf(text, " (%.4g %%)", 100 * (double)expected->fitting / (double)expected->chosen);
	append_condition(text, &expected->expectation->condition);
	g_string_append(text, "; expected: ");
	if (!most->given && !least->given)
		g_string_append(text, "all");
	append_bound(text, "", "at least", least);
	append_bound(text, least->given ? " and " : "", "at most", most);
	return g_string_free(text, FALSE);
}
