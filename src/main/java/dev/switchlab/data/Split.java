package dev.switchlab.data;

import dev.switchlab.experiment.Experiment.Validation;
import java.nio.IntBuffer;

/**
 * A text in two parts (reference: {@code TextFileDataset}, which takes {@code int(len(text) * .9)} characters).
 *
 * @param train token ids of the first part
 * @param validation token ids of the rest
 * @param validationText what the ids of the rest spell
 */
public record Split(IntBuffer train, IntBuffer validation, String validationText) {

    /** The share of what training would see that is left to it where the rest of that is held out. */
    private static final double NOT_HELD_OUT = 0.9;

    /**
     * Splits a corpus. Of a corpus of files, the file that a cut goes through belongs to the second part.
     *
     * @param trainFraction share of the characters of the first part; their number is rounded down
     * @param validation held out: the first part is split again, and what lies behind it is in neither part
     */
    static Split of(Corpus corpus, Tokenizer tokenizer, double trainFraction, Validation validation) {
        int cut = cut(corpus, corpus.text().length(), trainFraction);
        int end = corpus.text().length();
        if (validation == Validation.HELD_OUT) {
            end = cut;
            cut = cut(corpus, end, NOT_HELD_OUT);
        }
        String text = corpus.text();
        String rest = text.substring(cut, end);
        if (tokenizer instanceof TokenizerFile) { // a token must not reach over the cut
            return new Split(tokenizer.encodeCorpus(text.substring(0, cut)), tokenizer.encodeCorpus(rest), rest);
        }
        IntBuffer all = tokenizer.encodeCorpus(text); // one for each character
        int train = text.codePointCount(0, cut);
        return new Split(all.slice(0, train), all.slice(train, text.codePointCount(cut, end)), rest);
    }

    /** Where the first part of the text before {@code end} ends. */
    private static int cut(Corpus corpus, int end, double fraction) {
        String text = corpus.text();
        int cut = text.offsetByCodePoints(0, (int) (text.codePointCount(0, end) * fraction));
        return corpus.isOfFiles() ? text.lastIndexOf(Corpus.END_OF_FILE, cut - 1) + 1 : cut;
    }
}
