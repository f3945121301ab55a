/** Text tables, markup that is escaped by construction, and HTML pages of one look, each one self-contained file. */
package dev.switchlab.page;
