/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_tree.c - -z tcphs,tree[,FILTER]: how many connections had which verdict and reason, how many findings there
 * were of which rule; of all, and by server.
 *
 * Theory of operation. A stats tree counts packets by ticking its nodes, and notes when most ticks came together; we
 * count connections, most of them at the end (see census.c), so the counts are kept here and the nodes set to them.
 * Nodes come into being when there is something to count in them, but for those at the top, which Wireshark's window
 * wants to find again after a reset.
 *
 * A single pass can say of a frame only what no later one can change. Connections of which that held until the end, so
 * that no frame had their verdict, are counted once more, as pending: with more of the capture it could be another one.
 *
 * Wireshark looks through all nodes on a level to append one, and a capture can have as many servers as it has packets
 * (a scan of ports). So only the first SERVERS of them have a node, and one node has the rest.
 */
#include "stats.h"

#include "census.h"

#define SERVERS 10000

/** struct tally: what was counted of one server, or of all. */
struct tally {
	guint connections, findings;
	guint verdicts[TCPHS_VERDICTS], reasons[TCPHS_REASONS], rules[TCPHS_RULES];
};

enum top { VERDICTS, VERDICTS_BY_SERVER, FINDINGS, FINDINGS_BY_SERVER, TOPS };
static const char *const top_names[TOPS] = {
	"Connections by verdict", "Connections by server", "Findings by rule", "Findings by server",
};

#define OTHERS "(other servers)"
#define PENDING "Connections pending"

/** struct board: one stats tree. */
struct board {
	stats_tree *tree;
	struct tcphs_census *census;
	int top[TOPS];                    /* ids of the nodes at the top */
	struct tally all, pending;
	bool visited;                     /* the capture is known to its end, so nothing is pending */
	GHashTable *by_server;            /* name -> struct tally */
};

static GHashTable *boards;  /* stats_tree -> struct board */

/** set_node(): a node that others hang on, or a leaf. @return its id. */
static int set_node(const struct board *board, int parent, const char *name, bool leaf, guint value)
{
	return stats_tree_manip_node_int(MN_SET, board->tree, name, parent, !leaf, (gint)value);
}

/** show_reason(): "unanswered" below "incomplete" below |parent|. */
static void show_reason(const struct board *board, int parent, const struct tally *tally, enum tcphs_reason reason)
{
	enum tcphs_verdict verdict = tcphs_reason_verdict(reason);
	int node = set_node(board, parent, tcphs_verdict_word(verdict), false, tally->verdicts[verdict]);

	set_node(board, node, tcphs_reason_word(reason), true, tally->reasons[reason]);
}

/** show_totals(): the numbers behind the nodes at the top. */
static void show_totals(const struct board *board)
{
	const guint totals[TOPS] = {
		[VERDICTS] = board->all.connections, [VERDICTS_BY_SERVER] = board->all.connections,
		[FINDINGS] = board->all.findings, [FINDINGS_BY_SERVER] = board->all.findings,
	};

	for (int top = 0; top < TOPS; top++)
		set_node(board, 0, top_names[top], false, totals[top]);
}

/** add(): counts a connection in a tally. */
static void add(struct tally *tally, const struct tcphs_summary *summary)
{
	tally->connections++;
	tally->verdicts[summary->judgement.verdict]++;
	tally->reasons[summary->judgement.reason]++;
	tally->findings += (guint)summary->finding_count;
	for (size_t i = 0; i < summary->finding_count; i++)
		tally->rules[summary->findings[i].rule]++;
}

/** show_findings(): sets the nodes below |parent| that a connection has a part in. */
static void show_findings(const struct board *board, int parent, const struct tally *tally,
                          const struct tcphs_summary *summary)
{
	for (size_t i = 0; i < summary->finding_count; i++) {
		uint16_t rule = summary->findings[i].rule;

		set_node(board, parent, tcphs_rule_info((enum tcphs_rule)rule)->id, true, tally->rules[rule]);
	}
}

/** of_server(): the tally of a server, and the name of its node, which lives as long as the tally. */
static struct tally *of_server(const struct board *board, const struct tcphs_key *key, const char **name)
{
	char *server = tcphs_census_endpoint(key->dst, key->dport);
	gpointer known, tally;

	if (g_hash_table_size(board->by_server) >= SERVERS && !g_hash_table_contains(board->by_server, server)) {
		g_free(server);
		server = g_strdup(OTHERS);
	}
	if (g_hash_table_lookup_extended(board->by_server, server, &known, &tally)) {
		g_free(server);
		*name = known;
		return tally;
	}
	tally = g_new0(struct tally, 1);
	g_hash_table_insert(board->by_server, server, tally);
	*name = server;
	return tally;
}

/** show_pending(): a connection whose verdict is that of the capture's end; the node is there if there is one. */
static void show_pending(struct board *board, const struct tcphs_summary *summary)
{
	int node;

	add(&board->pending, summary);
	node = set_node(board, 0, PENDING, false, board->pending.connections);
	show_reason(board, node, &board->pending, (enum tcphs_reason)summary->judgement.reason);
}

static void count(void *owner, const struct tcphs_summary *summary)
{
	struct board *board = owner;
	enum tcphs_reason reason = (enum tcphs_reason)summary->judgement.reason;
	const char *name;
	struct tally *server = of_server(board, &summary->key, &name);
	int node;

	add(&board->all, summary);
	add(server, summary);
	show_totals(board);
	show_reason(board, board->top[VERDICTS], &board->all, reason);
	node = set_node(board, board->top[VERDICTS_BY_SERVER], name, false, server->connections);
	show_reason(board, node, server, reason);
	if (!board->visited && !summary->judgement.certain)
		show_pending(board, summary);
	if (!summary->finding_count)
		return;
	show_findings(board, board->top[FINDINGS], &board->all, summary);
	node = set_node(board, board->top[FINDINGS_BY_SERVER], name, false, server->findings);
	show_findings(board, node, server, summary);
}

/** forget(): Wireshark sets the nodes to 0, or makes new ones. */
static void forget(void *owner)
{
	struct board *board = owner;

	memset(&board->all, 0, sizeof(board->all));
	memset(&board->pending, 0, sizeof(board->pending));
	g_hash_table_remove_all(board->by_server);
}

/** free_board(): which is only taken out of the table of boards. */
static void free_board(gpointer data)
{
	struct board *board = data;

	tcphs_census_del(board->census);
	g_hash_table_destroy(board->by_server);
	g_free(board);
}

/** init(): a new tree, or one whose nodes are no longer shown: Wireshark's window resets it so. */
static void init(stats_tree *tree)
{
	static const struct tcphs_census_calls calls = {.count = count, .forget = forget};
	struct board *board = g_new0(struct board, 1);

	if (!boards)
		boards = g_hash_table_new_full(NULL, NULL, NULL, free_board);
	board->tree = tree;
	for (int top = 0; top < TOPS; top++)
		board->top[top] = stats_tree_create_node(tree, top_names[top], 0, STAT_DT_INT, TRUE);
	stat_node_set_flags(tree, top_names[VERDICTS], 0, TRUE, ST_FLG_SORT_TOP);
	board->by_server = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	board->census = tcphs_census_new(&calls, board);
	g_hash_table_replace(boards, tree, board);
}

static void cleanup(stats_tree *tree)
{
	if (boards)
		g_hash_table_remove(boards, tree);
}

static tap_packet_status packet(stats_tree *tree, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *layer,
                                tap_flags_t flags _U_)
{
	struct board *board = g_hash_table_lookup(boards, tree);

	board->visited = ((const struct tcphs_layer *)layer)->visited;
	return tcphs_census_packet(board->census, layer);
}

void tcphs_stats_tree_register(void)
{
	stats_tree_register_plugin("tcphs", "tcphs", TCPHS_STATS_TITLE, TL_REQUIRES_NOTHING, packet, init, cleanup);
}
