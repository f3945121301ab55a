/**
 * The SQLite file of the book in MLflow's schema: its tables, and the check whether a file that MLflow has upgraded can
 * still be written.
 */
package dev.switchlab.runs.db;
