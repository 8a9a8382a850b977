/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_write.h - frames into a pcapng file (draft-ietf-opsawg-pcapng), each with comments.
 *
 * A writer writes one section, of this machine's byte order, with times in nanoseconds. Interfaces are described when
 * their first frame comes, so that nothing need be known in advance. Sections can follow one another in a file.
 */
#ifndef TCPHS_PCAPNG_WRITE_H
#define TCPHS_PCAPNG_WRITE_H

#include "input.h"
#include "output.h"

struct pcapng_writer;

/** pcapng_writer_new(): begins a section in |out|. */
struct pcapng_writer *pcapng_writer_new(struct output *out);
void pcapng_writer_free(struct pcapng_writer *writer);

/**
 * pcapng_write(): a frame, as it was captured: link type, snapshot length, time and lengths.
 *
 * |comments| are UTF-8, NULL-terminated; or NULL. A frame without packet (TCPHS_LINKTYPE_NONE) is left out.
 */
void pcapng_write(struct pcapng_writer *writer, const struct tcphs_frame *frame, const char *const *comments);

#endif
