/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_filter.c - Conversation Filter > TCP Handshake: the whole connection that the selected frame belongs to.
 *
 * Theory of operation. Stream and incarnation name a connection. Yet a segment has the stream number that TCP gave it,
 * and TCP begins a new stream with every SYN that has another sequence number; if that SYN came to nothing, segments of
 * the old connection go on under the new number. Then the frame of one of its steps names the connection: every other
 * segment of it has a link there.
 */
#include "stats.h"

#include "capture.h"

static tcphs_ws_bool valid(COMPAT_FILTER_ARGUMENTS)
{
	uint32_t connection;

	return tcphs_capture_connection_of(pinfo->num, &connection);
}

/** incarnation_of(): of the connection that a segment belongs to. */
static uint32_t incarnation_of(const struct tcphs_mark *mark)
{
	struct tcphs_summary summary;

	tcphs_capture_summary(mark->connection, &summary);
	return summary.incarnation;
}

/** has_name(): the connection's stream and incarnation are on all of its segments, and on no other ones. */
static bool has_name(const struct tcphs_summary *summary)
{
	for (uint32_t i = 0; i < tcphs_capture_marks(); i++) {
		const struct tcphs_mark *mark = tcphs_capture_mark(i);
		bool ours = mark->connection == summary->connection;

		if (mark->connection == TCPHS_NO_CONNECTION || ours == (mark->stream == summary->stream))
			continue;
		if (ours || incarnation_of(mark) == summary->incarnation)
			return false;
	}
	return true;
}

/** by_step(): "frame.number == 1 || tcphs.syn_in == 1"; NULL if no step was captured. */
static char *by_step(const struct tcphs_summary *summary)
{
	static const char *const links[] = {"syn_in", "synack_in", "ack_in"};

	for (unsigned int i = 0; i < array_length(links); i++) {
		guint32 frame = tcphs_capture_frame_of(summary->judgement.steps[i]);

		if (frame)
			return g_strdup_printf("frame.number == %u || tcphs.%s == %u", frame, links[i], frame);
	}
	return NULL;
}

/** by_name(): the first connection of a stream has no field for its incarnation. */
static char *by_name(const struct tcphs_summary *summary)
{
	if (summary->incarnation)
		return g_strdup_printf("tcphs.stream == %u && tcphs.incarnation == %u", summary->stream,
		                       summary->incarnation);
	return g_strdup_printf("tcphs.stream == %u && !tcphs.incarnation", summary->stream);
}

static char *build(COMPAT_FILTER_ARGUMENTS)
{
	struct tcphs_summary summary;
	uint32_t connection;
	char *filter = NULL;

	if (!tcphs_capture_connection_of(pinfo->num, &connection))
		return NULL;
	tcphs_capture_summary(connection, &summary);
	if (!has_name(&summary))
		filter = by_step(&summary);
	return filter ? filter : by_name(&summary);
}

void tcphs_stats_filter_register(void)
{
	COMPAT_REGISTER_FILTER("tcphs", "TCP Handshake", valid, build);
}
