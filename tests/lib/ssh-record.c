/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records what an SSH server says, for tests/data/ssh and the corpus of fuzz-ssh-kex: the same
 * client, with the random numbers that the unit test has.  usage: test-ssh-record PORT TYPES FILE
 */
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "wire/ssh-kex.h"

static int connect_to(const char *port)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		err(EX_UNAVAILABLE, "cannot connect to port %s", port);
	return fd;
}

int main(int argc, char *argv[])
{
	static struct ssh_kex kex;
	enum ssh_kex_result r = SSH_KEX_MORE;
	struct ssh_kex_random random;
	FILE *file;
	int fd;

	if (argc != 4)
		errx(EX_USAGE, "usage: test-ssh-record PORT TYPES FILE");
	for (size_t i = 0; i < sizeof(random); i++)
		((uint8_t *)&random)[i] = (uint8_t)i;
	fd = connect_to(argv[1]);
	file = fopen(argv[3], "w");
	if (!file)
		err(EX_CANTCREAT, "%s", argv[3]);
	ssh_kex_init(&kex, (unsigned int)atoi(argv[2]) & SSH_KEY_ALL, &random);
	while (r == SSH_KEX_MORE) {
		size_t size;
		const uint8_t *out = ssh_kex_output(&kex, &size);
		uint8_t data[4096];
		ssize_t n = size > 0 ? write(fd, out, size) : 0;

		if (n > 0)
			ssh_kex_sent(&kex, (size_t)n);
		n = read(fd, data, sizeof(data));
		if (n <= 0 || fwrite(data, 1, (size_t)n, file) != (size_t)n)
			break;
		r = ssh_kex_input(&kex, data, (size_t)n);
	}
	ssh_kex_deinit(&kex);
	printf("%s: result %d\n", argv[3], (int)r);
	return fclose(file) == 0 ? EX_OK : EX_IOERR;
}
