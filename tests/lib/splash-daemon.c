/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for plymouthd, usplash and splashy, which are recognised by the file they execute:
 * writes its words, user and session into the file /daemon.log, and waits to be ended. With
 * --ignore-term it does not end on SIGTERM; as plymouthd it puts itself into the background first.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_log(int argc, char **argv)
{
	char directory[64] = "?";
	FILE *log = fopen("/daemon.log", "a");

	if (!log || !getcwd(directory, sizeof(directory)))
		return -1;
	for (int i = 0; i < argc; i++)
		(void)fprintf(log, "%s ", argv[i]);
	(void)fprintf(log, "uid=%d,%d session=%s cwd=%s pid=%d\n", (int)getuid(), (int)geteuid(),
		      getsid(0) == getpgrp() ? "own" : "?", directory, (int)getpid());
	return fclose(log);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--ignore-term") == 0)
			(void)signal(SIGTERM, SIG_IGN);
	}
	if (strcmp(name ? name + 1 : argv[0], "plymouthd") == 0 && daemon(1, 1) < 0)
		return 1;
	if (write_log(argc, argv) < 0)
		return 1;
	for (;;)
		(void)pause();
}
