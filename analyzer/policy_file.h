/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_file.h - a policy as a file, for --policy.
 */
#ifndef TCPHS_POLICY_FILE_H
#define TCPHS_POLICY_FILE_H

#include <stdbool.h>

#include "policy.h"
#include "tcphs.h"

/**
 * policy_file_read(): what the file at |path| says is added to *policy* and *config*, which hold what is not said.
 *
 * @return false where it cannot be read or something in it is wrong; then *message is a sentence, for g_free(), that
 * names the file and the line.
 */
bool policy_file_read(const char *path, struct policy *policy, struct tcphs_config *config, char **message);

#endif
