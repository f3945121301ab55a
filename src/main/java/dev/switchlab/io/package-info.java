/** Files that are written whole, locks between processes, memory, progress bars, JSON and SHA-256. */
package dev.switchlab.io;
