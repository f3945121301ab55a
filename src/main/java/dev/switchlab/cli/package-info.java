/** One picocli command per verb: parsing, wiring and printing; no logic. The Makefile's targets call these. */
package dev.switchlab.cli;
