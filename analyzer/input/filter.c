/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.c - BPF filters, by libpcap's own compiler.
 *
 * Theory of operation. An expression means another program for each link type, and a pcapng file may have several: a
 * program is compiled when the first frame of its link type comes. Inputs that are read at the same time share the
 * programs; each keeps a list of those that it needs, so that only compiling takes the lock (older libpcap cannot
 * compile twice at once). Snapshot lengths do not matter: they are what a program returns, and any but 0 lets through.
 *
 * A frame that is not let through keeps its number and its time, and loses its packet: the capture goes on while
 * nothing is said, as it does between packets of interest.
 */
#include "reader.h"

/** What programs return for what they let through. */
#define SNAPLEN 262144

struct program {
	int linktype;
	struct bpf_program bpf;
	char *problem;         /* why there is none: then all is rejected */
};

struct tcphs_filter {
	char *expression;
	GMutex mutex;
	GHashTable *programs;  /* struct program by link type */
};

/** struct filtered_linktype: a link type of one input. */
struct filtered_linktype {
	const struct program *program;
	uint64_t rejected;     /* frames, for lack of a program */
};

static void program_free(gpointer data)
{
	struct program *program = data;

	pcap_freecode(&program->bpf);
	g_free(program->problem);
	g_free(program);
}

static struct program *compile(const char *expression, int linktype)
{
	struct program *program = g_new0(struct program, 1);
	pcap_t *pcap = pcap_open_dead(linktype, SNAPLEN);
	char *octet;

	program->linktype = linktype;
	if (!pcap) {
		program->problem = g_strdup("memory is out");
		return program;
	}
	if (pcap_compile(pcap, &program->bpf, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		program->problem = g_strdup(pcap_geterr(pcap));
		for (octet = program->problem; *octet; octet++)
			if (!g_ascii_isprint(*octet))
				*octet = '?';
	}
	pcap_close(pcap);
	return program;
}

/** program_for(): the program of a link type; it lives as long as the filter. */
static const struct program *program_for(struct tcphs_filter *filter, int linktype)
{
	struct program *program;

	g_mutex_lock(&filter->mutex);
	program = g_hash_table_lookup(filter->programs, GINT_TO_POINTER(linktype));
	if (!program) {
		program = compile(filter->expression, linktype);
		g_hash_table_insert(filter->programs, GINT_TO_POINTER(linktype), program);
	}
	g_mutex_unlock(&filter->mutex);
	return program;
}

struct tcphs_filter *tcphs_filter_new(const char *expression, char **message)
{
	/* Ethernet first, for its message; then the others for which some expressions are meant. */
	static const int linktypes[] = { DLT_EN10MB, DLT_LINUX_SLL2, DLT_IEEE802_11_RADIO, DLT_RAW, DLT_PPP,
		                         DLT_PFLOG,  DLT_MTP2,       DLT_PKTAP,            DLT_SUNATM };
	struct tcphs_filter *filter = g_new0(struct tcphs_filter, 1);
	const char *problem = NULL;
	bool good = false;
	size_t i;

	g_mutex_init(&filter->mutex);
	filter->expression = g_strdup(expression);
	filter->programs = g_hash_table_new_full(NULL, NULL, NULL, program_free);
	/* All of them: names of hosts and services can be looked up now, and perhaps not later. */
	for (i = 0; i < G_N_ELEMENTS(linktypes); i++) {
		const struct program *program = program_for(filter, linktypes[i]);

		good = good || !program->problem;
		if (!problem)
			problem = program->problem;
	}
	if (good)
		return filter;
	*message = g_strdup(problem);
	tcphs_filter_free(filter);
	return NULL;
}

void tcphs_filter_free(struct tcphs_filter *filter)
{
	if (!filter)
		return;
	g_hash_table_unref(filter->programs);
	g_mutex_clear(&filter->mutex);
	g_free(filter->expression);
	g_free(filter);
}

/* ---- the filter in an input ---------------------------------------------------------------------- */

void filtered_begin(struct filtered *filtered, struct tcphs_filter *filter)
{
	if (!filter)
		return;
	filtered->filter = filter;
	filtered->linktypes = g_ptr_array_new_with_free_func(g_free);
	filtered->by_number = g_hash_table_new(NULL, NULL);
}

void filtered_end(struct filtered *filtered)
{
	g_clear_pointer(&filtered->by_number, g_hash_table_unref);
	g_clear_pointer(&filtered->linktypes, g_ptr_array_unref);
}

/** linktype_of(): what is kept of a link type. A hostile file may have thousands, others have one for long. */
static struct filtered_linktype *linktype_of(struct filtered *filtered, int linktype)
{
	struct filtered_linktype *known = filtered->last;

	if (known && known->program->linktype == linktype)
		return known;
	known = g_hash_table_lookup(filtered->by_number, GINT_TO_POINTER(linktype));
	if (!known) {
		known = g_new0(struct filtered_linktype, 1);
		known->program = program_for(filtered->filter, linktype);
		g_hash_table_insert(filtered->by_number, GINT_TO_POINTER(linktype), known);
		g_ptr_array_add(filtered->linktypes, known);
	}
	return filtered->last = known;
}

/* Not inline: most captures are read without a filter, and what it needs would be made ready for their frames, too. */
__attribute__((noinline)) void filtered_frame(struct filtered *filtered, struct tcphs_frame *frame)
{
	const struct pcap_pkthdr header = { .caplen = frame->captured, .len = frame->length };
	struct filtered_linktype *linktype;

	if (frame->linktype == TCPHS_LINKTYPE_NONE)
		return;
	linktype = linktype_of(filtered, frame->linktype);
	if (linktype->program->problem)
		linktype->rejected++;
	else if (pcap_offline_filter(&linktype->program->bpf, &header, frame->bytes) != 0)
		return;
	filtered->frames++;
	frame->linktype = TCPHS_LINKTYPE_NONE;
	frame->captured = 0;
}

uint64_t tcphs_input_filtered(const struct tcphs_input *input)
{
	return input->filtered.frames;
}

const char *tcphs_input_unfilterable(const struct tcphs_input *input, size_t index, int *linktype, uint64_t *frames)
{
	guint i;

	for (i = 0; input->filtered.linktypes && i < input->filtered.linktypes->len; i++) {
		const struct filtered_linktype *known = g_ptr_array_index(input->filtered.linktypes, i);

		if (!known->program->problem || index-- > 0)
			continue;
		*linktype = known->program->linktype;
		*frames = known->rejected;
		return known->program->problem;
	}
	return NULL;
}
