/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells.c - which cells of the engine's two tables the capture scripts reach.
 *
 * Linked with judge_engine.c, which replays all scripts, and with the linker's --wrap, so that every look the engine
 * takes at a table passes here and is counted. When judge_engine is done one more line of JSON is printed:
 *
 *     {"type":"cells","reached":N,"unset":[...],"unreached":[...],"impossible":[...]}
 *
 * A cell is named "opening STAGE ROLE EVENT" or "closing STATE EVENT". Unset are cells of the opening table that
 * nobody wrote, unreached those that say what happens and that no script reaches, impossible those that say NEVER
 * and are reached all the same.
 */
#include "connection.h"

#include <stdio.h>
#include <stdlib.h>

/* The names are the linker's. */
const struct tcphs_cell *__real_tcphs_transition(enum tcphs_stage, enum tcphs_role, enum tcphs_event);
const struct tcphs_cell *__wrap_tcphs_transition(enum tcphs_stage, enum tcphs_role, enum tcphs_event);
enum tcphs_state __real_tcphs_closing(enum tcphs_state, enum tcphs_close_event);
enum tcphs_state __wrap_tcphs_closing(enum tcphs_state, enum tcphs_close_event);

enum kind { REACHED, UNSET, UNREACHED, IMPOSSIBLE };

static bool opening[TCPHS_STAGES][2][TCPHS_EVENTS];
static bool closing[TCPHS_STATES][TCPHS_CLOSE_EVENTS];

const struct tcphs_cell *__wrap_tcphs_transition(enum tcphs_stage stage, enum tcphs_role role, enum tcphs_event event)
{
	opening[stage][role][event] = true;
	return __real_tcphs_transition(stage, role, event);
}

enum tcphs_state __wrap_tcphs_closing(enum tcphs_state state, enum tcphs_close_event event)
{
	closing[state][event] = true;
	return __real_tcphs_closing(state, event);
}

static enum kind kind_of_opening(enum tcphs_stage stage, enum tcphs_role role, enum tcphs_event event)
{
	const struct tcphs_cell *cell = __real_tcphs_transition(stage, role, event);

	if (cell->stage == TCPHS_STAGE_NONE)
		return UNSET;
	if (!tcphs_cell_possible(cell))
		return opening[stage][role][event] ? IMPOSSIBLE : REACHED;
	return opening[stage][role][event] ? REACHED : UNREACHED;
}

static enum kind kind_of_closing(enum tcphs_state state, enum tcphs_close_event event)
{
	bool possible = __real_tcphs_closing(state, event) != TCPHS_STATE_NONE;

	if (closing[state][event] == possible)
		return REACHED;
	return possible ? UNREACHED : IMPOSSIBLE;
}

static void print_opening(enum kind kind, const char **comma)
{
	for (int stage = TCPHS_STAGE_NEW; stage < TCPHS_STAGES; stage++) {
		for (int cell = 0; cell < 2 * TCPHS_EVENTS; cell++) {
			enum tcphs_role role = cell < TCPHS_EVENTS ? TCPHS_CLIENT : TCPHS_SERVER;
			enum tcphs_event event = (enum tcphs_event)(cell % TCPHS_EVENTS);

			if (kind_of_opening((enum tcphs_stage)stage, role, event) != kind)
				continue;
			printf("%s\"opening %s %s %s\"", *comma, tcphs_stage_word((enum tcphs_stage)stage),
			       role == TCPHS_CLIENT ? "client" : "server", tcphs_event_word(event));
			*comma = ",";
		}
	}
}

static void print_closing(enum kind kind, const char **comma)
{
	for (int state = TCPHS_LISTEN; state < TCPHS_STATES; state++) {
		for (int event = 0; event < TCPHS_CLOSE_EVENTS; event++) {
			if (kind_of_closing((enum tcphs_state)state, (enum tcphs_close_event)event) != kind)
				continue;
			printf("%s\"closing %s %s\"", *comma, tcphs_state_word((enum tcphs_state)state),
			       tcphs_close_event_word((enum tcphs_close_event)event));
			*comma = ",";
		}
	}
}

static void print_list(const char *name, enum kind kind)
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	print_opening(kind, &comma);
	print_closing(kind, &comma);
	printf("]");
}

static int count_reached(void)
{
	int count = 0;

	for (size_t i = 0; i < sizeof(opening); i++)
		count += (&opening[0][0][0])[i];
	for (size_t i = 0; i < sizeof(closing); i++)
		count += (&closing[0][0])[i];
	return count;
}

static void print_cells(void)
{
	printf("{\"type\":\"cells\",\"reached\":%d", count_reached());
	print_list("unset", UNSET);
	print_list("unreached", UNREACHED);
	print_list("impossible", IMPOSSIBLE);
	printf("}\n");
}

/* main() is judge_engine's. */
__attribute__((constructor)) static void print_at_the_end(void)
{
	if (atexit(print_cells) != 0)
		abort();
}
