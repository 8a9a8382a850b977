/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap.c - frames of a classic pcap file, by libpcap.
 *
 * Theory of operation. libpcap wants a FILE; the stream becomes one, so that what was peeked at to tell the
 * format is seen by it too, and a pipe or a compressed file is read like any other.
 *
 * The snapshot length in the file's header is overwritten with 0, "no limit", before libpcap sees it.
 * libpcap would cut longer frames down to it; files joined or rewritten by tools do have such frames, and
 * Wireshark takes them whole. What is damage is decided by libpcap's own limit for the link type.
 */
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/** Octets of the file's header, and where the snapshot length is in it. */
enum { FILE_HEADER = 24, SNAPLEN_AT = 16, SNAPLEN_SIZE = 4 };

/** Octets before each frame, and after how many octets whoever watches is told of them. */
enum { FRAME_HEADER = 16, TELL = 1 << 20 };

/** reason(): what libpcap said, fit to be printed. Changes |text|. */
static const char *reason(char *text)
{
	char *octet;

	for (octet = text; *octet; octet++)
		if (!g_ascii_isprint(*octet))
			*octet = '?';
	return text;
}

static enum tcphs_input_result pcap_reader_damaged(struct tcphs_input *input, uint32_t number)
{
	pcap_t *pcap = input->pcap.pcap;

	if (stream_file_failed(input->stream, pcap_file(pcap)))
		return input_damaged(input, "cannot be read on at frame %u (%s): copy the file and try again", number,
		                     input->stream->problem);
	if (strstr(pcap_geterr(pcap), "truncated"))
		return input_damaged(input, "is cut short in frame %u: only the frames before it were read; "
		                     "copy or capture it again if its end matters", number);
	return input_damaged(input, "is damaged at frame %u (%s): only the frames before it were read", number,
	                     reason(pcap_geterr(pcap)));
}

static void tell(struct tcphs_input *input)
{
	stream_file_took(input->stream, input->pcap.untold);
	input->pcap.untold = 0;
}

static enum tcphs_input_result pcap_reader_next(struct tcphs_input *input, struct tcphs_frame *frame)
{
	int result = pcap_next_ex(input->pcap.pcap, &input->pcap.header, &frame->bytes);
	const struct pcap_pkthdr *header = input->pcap.header;

	if (G_UNLIKELY(result == PCAP_ERROR_BREAK)) {
		/* libpcap takes a failing read for the end where a frame would begin. */
		return stream_file_failed(input->stream, pcap_file(input->pcap.pcap)) ?
		               pcap_reader_damaged(input, frame->number) : TCPHS_INPUT_END;
	}
	if (G_UNLIKELY(result != 1))
		return pcap_reader_damaged(input, frame->number);
	input->pcap.untold += header->caplen + FRAME_HEADER;
	if (G_UNLIKELY(input->pcap.untold >= TELL))
		tell(input);
	/* Seconds are unsigned in the file; libpcap takes them for signed. */
	frame->time_ns = input_time((uint32_t)header->ts.tv_sec, MAX(header->ts.tv_usec, 0));
	frame->has_time = true;
	frame->captured = header->caplen;
	frame->length = header->len;
	frame->linktype = input->pcap.interface.linktype;
	frame->interface = &input->pcap.interface;
	return TCPHS_INPUT_FRAME;
}

static void pcap_reader_close(struct tcphs_input *input)
{
	tell(input);
	pcap_close(input->pcap.pcap);
}

bool pcap_reader_open(struct tcphs_input *input)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	uint32_t snaplen;
	FILE *file;

	if (!stream_need(input->stream, FILE_HEADER)) {
		input_damaged(input, "is cut short in its header, after %zu octets: copy or capture it again",
		              stream_available(input->stream));
		return false;
	}
	file = stream_file(input->stream);
	if (!file) {
		input_damaged(input, "cannot be read (%s): copy the file and try again", g_strerror(errno));
		return false;
	}
	memcpy(&snaplen, stream_data(input->stream) + SNAPLEN_AT, SNAPLEN_SIZE);
	memset(stream_data(input->stream) + SNAPLEN_AT, 0, SNAPLEN_SIZE);
	input->pcap.pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!input->pcap.pcap) {
		fclose(file);
		input_damaged(input, "is damaged in its header (%s): copy or capture it again", reason(error));
		return false;
	}
	input->pcap.interface.linktype = pcap_datalink(input->pcap.pcap);
	input->pcap.interface.snaplen = pcap_is_swapped(input->pcap.pcap) ? GUINT32_SWAP_LE_BE(snaplen) : snaplen;
	input->next = pcap_reader_next;
	input->close = pcap_reader_close;
	return true;
}
