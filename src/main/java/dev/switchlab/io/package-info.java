/** Whole files, locks between processes, time limits, progress bars, JSON and SHA-256. */
package dev.switchlab.io;
