package dev.switchlab.data;

import java.util.Optional;

/**
 * A corpus, and whether it is the one that was asked for.
 *
 * @param corpus the text to use
 * @param fallbackReason why it is the fallback: one line to say loudly and to record with the run; empty when it is
 *     what was asked for
 */
public record OpenedCorpus(Corpus corpus, Optional<String> fallbackReason) {}
