/** HTML pages of one look, each one file that needs no other; and what escapes text for them. */
package dev.switchlab.page;
