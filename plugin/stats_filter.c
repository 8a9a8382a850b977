/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_filter.c - Conversation Filter > TCP Handshake: the whole connection that the selected frame belongs to.
 */
#include "stats.h"

#include "capture.h"

static tcphs_ws_bool valid(COMPAT_FILTER_ARGUMENTS)
{
	uint32_t connection;

	return tcphs_capture_connection_of(pinfo->num, &connection);
}

/** build(): by stream and incarnation; the first connection of a stream has no field that says so. */
static char *build(COMPAT_FILTER_ARGUMENTS)
{
	struct tcphs_summary summary;
	uint32_t connection;

	if (!tcphs_capture_connection_of(pinfo->num, &connection))
		return NULL;
	tcphs_capture_summary(connection, &summary);
	if (summary.incarnation)
		return g_strdup_printf("tcphs.stream == %u && tcphs.incarnation == %u", summary.stream,
		                       summary.incarnation);
	return g_strdup_printf("tcphs.stream == %u && !tcphs.incarnation", summary.stream);
}

void tcphs_stats_filter_register(void)
{
	COMPAT_REGISTER_FILTER("tcphs", "TCP Handshake", valid, build);
}
