/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin.c - what Wireshark sees of tcphs.so: its version, its registration, its preferences.
 *
 * Theory of operation. Wireshark loads the shared object, compares plugin_want_major and plugin_want_minor with itself,
 * and calls plugin_register(). Protocol registration comes next; the handoff follows when all built-in protocols have
 * filled their tables, so that ours can be chained before theirs.
 */
#include "plugin.h"

#include "fields.h"
#include "stats.h"

WS_DLL_PUBLIC_DEF const gchar plugin_version[] = TCPHS_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#ifdef WS_PLUGIN_DESC_DISSECTOR
WS_DLL_PUBLIC uint32_t plugin_describe(void);
#endif

struct tcphs_preferences tcphs_preferences;

void tcphs_preferences_apply(struct tcphs_config *config)
{
	config->horizon = tcphs_preferences.horizon * TCPHS_SECOND;
	config->linger = tcphs_preferences.linger * TCPHS_SECOND;
	config->slow = tcphs_preferences.slow * TCPHS_MILLISECOND;
	config->time_wait = tcphs_preferences.time_wait * TCPHS_SECOND;
	config->copy_with_id = tcphs_preferences.copy * TCPHS_MILLISECOND;
	config->copy_without_id = tcphs_preferences.copy_no_id * TCPHS_MILLISECOND;
	config->least_mss = (uint16_t)MIN(tcphs_preferences.least_mss, UINT16_MAX);
	config->ttl_slack = (uint8_t)MIN(tcphs_preferences.ttl_slack, UINT8_MAX);
}

/** set_defaults(): the engine's defaults are the preferences' defaults. */
static void set_defaults(void)
{
	struct tcphs_config config;

	tcphs_config_default(&config);
	tcphs_preferences = (struct tcphs_preferences){
		.horizon = (guint)(config.horizon / TCPHS_SECOND),
		.linger = (guint)(config.linger / TCPHS_SECOND),
		.slow = (guint)(config.slow / TCPHS_MILLISECOND),
		.time_wait = (guint)(config.time_wait / TCPHS_SECOND),
		.copy = (guint)(config.copy_with_id / TCPHS_MILLISECOND),
		.copy_no_id = (guint)(config.copy_without_id / TCPHS_MILLISECOND),
		.least_mss = config.least_mss,
		.ttl_slack = config.ttl_slack,
		.info_marks = TRUE,
	};
}

static void register_preferences(void)
{
	module_t *module = prefs_register_protocol(tcphs_proto, NULL);

	set_defaults();
	prefs_register_uint_preference(module, "horizon", "Time for an answer (seconds)",
		"A SYN or SYN-ACK is unanswered if the capture goes on for so long without an answer", 10,
		&tcphs_preferences.horizon);
	prefs_register_uint_preference(module, "linger", "Time for late segments (seconds)",
		"For so long after its end a connection still takes segments that fit it", 10,
		&tcphs_preferences.linger);
	prefs_register_uint_preference(module, "slow", "Slow handshake (milliseconds)",
		"A handshake that takes longer from SYN to ACK is reported as slow", 10, &tcphs_preferences.slow);
	prefs_register_uint_preference(module, "time_wait", "Time before ports are free again (seconds)",
		"A SYN that comes sooner after the last segment of a connection on its ports can meet TIME-WAIT", 10,
		&tcphs_preferences.time_wait);
	prefs_register_uint_preference(module, "copy", "Time for a copy of a frame (milliseconds)",
		"The same segment with the same IPv4 identification within so long was captured twice, as by a mirror "
		"port; later it is a retransmission", 10, &tcphs_preferences.copy);
	prefs_register_uint_preference(module, "copy_no_id", "Time for a copy without identification (milliseconds)",
		"The same where the IPv4 identification is 0, and over IPv6, which has none", 10,
		&tcphs_preferences.copy_no_id);
	prefs_register_uint_preference(module, "least_mss", "Least maximum segment size (octets)",
		"A SYN or SYN-ACK that offers less is reported", 10, &tcphs_preferences.least_mss);
	prefs_register_uint_preference(module, "ttl_slack", "Difference in TTL (hops)",
		"A RST or SYN-ACK whose TTL differs by more from its sender's other segments is reported", 10,
		&tcphs_preferences.ttl_slack);
	prefs_register_bool_preference(module, "info_marks", "Mark handshake segments in the Info column",
		"Begins the Info column with the step, as [2/3], and the wrong number or the titles of warnings",
		&tcphs_preferences.info_marks);
}

static void register_protocol(void)
{
	tcphs_proto = proto_register_protocol("TCP Handshake", "TCPHS", "tcphs");
	tcphs_fields_register();
	register_preferences();
	tcphs_tap_register();
	tcphs_stats_register();
	register_init_routine(tcphs_capture_init);
	register_init_routine(tcphs_hooks_init);
	register_cleanup_routine(tcphs_capture_cleanup);
}

static void handoff(void)
{
	tcphs_hooks_handoff();
}

void plugin_register(void)
{
	static const proto_plugin plugin = {register_protocol, handoff};

	proto_register_plugin(&plugin);
}

#ifdef WS_PLUGIN_DESC_DISSECTOR
uint32_t plugin_describe(void)
{
	return WS_PLUGIN_DESC_DISSECTOR;
}
#endif
