/**
 * Text for character models: corpora and their checksums, tokenizer, split, seeded batches.
 *
 * <p>A position in a text is counted in characters, that is Unicode code points, from 0.
 */
package dev.switchlab.data;
