/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-opener SECKEY MESSAGE: the client's side of the opener, which does not listen at first.
 *
 * Prints the process ID of the opener, and when standard input ends what it answers: "= SIZE", or
 * "! REASON".
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "client/opener.h"
#include "client/signals.h"

#define MESSAGE_MAX ((size_t)64 * 1024)

int main(int argc, char *argv[])
{
	struct secret *plaintext;
	struct opener o;
	char *message;
	size_t size;
	int fd, r;

	if (argc != 3)
		errx(2, "usage: test-opener SECKEY MESSAGE");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	r = file_read(argv[2], MESSAGE_MAX, &message, &size);
	if (fd < 0 || r < 0 || secret_process_harden() < 0 || signals_start() < 0)
		errx(2, "cannot start");
	opener_init(&o);
	if (opener_decrypt_start(&o, fd, message, size) < 0)
		errx(2, "%s", opener_error_text(&o));
	free(message);
	(void)printf("%d\n", (int)o.pid);
	(void)fflush(stdout);
	while (getchar() != EOF)
		;
	while (opener_state(&o) == OPENER_BUSY) {
		struct pollfd p = { .fd = opener_fd(&o), .events = POLLIN };

		(void)poll(&p, 1, -1);
		opener_step(&o);
	}
	if (opener_state(&o) == OPENER_FAILED)
		(void)printf("! %s\n", opener_error_text(&o));
	plaintext = opener_take(&o);
	if (plaintext)
		(void)printf("= %zu\n", plaintext->size);
	(void)secret_free(plaintext);
	opener_deinit(&o);
	return 0;
}
