/**
 * Looking at runs: parameters, metrics and expert statistics as Tablesaw tables, comparisons over seeds, the routing of
 * a text token by token, and HTML reports.
 */
package dev.switchlab.analysis;
