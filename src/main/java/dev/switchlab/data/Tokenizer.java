package dev.switchlab.data;

import java.nio.IntBuffer;

/** Text to token ids and back. */
public sealed interface Tokenizer permits CharTokenizer, ByteTokenizer, TokenizerFile {

    /** The setting of {@link CharTokenizer}. */
    String CHARACTERS = "characters";

    /** The setting of {@link ByteTokenizer}. */
    String BYTES = "bytes";

    /**
     * The tokenizer of a new model.
     *
     * @param setting {@code characters}, {@code bytes}, or the path of a {@code tokenizer.json}
     * @param corpus whose characters are the vocabulary
     * @throws DataException in one line, if the file is missing or no tokenizer
     */
    static Tokenizer of(String setting, Corpus corpus) {
        return switch (setting) {
            case CHARACTERS -> CharTokenizer.of(corpus.text());
            case BYTES -> new ByteTokenizer();
            default -> TokenizerFile.read(setting);
        };
    }

    /**
     * The tokenizer of a model that exists.
     *
     * @param setting as in {@link #of}; a file need not be there any more
     * @param vocabulary what {@link #vocabulary()} returned
     */
    static Tokenizer ofVocabulary(String setting, String vocabulary) {
        return switch (setting) {
            case CHARACTERS -> CharTokenizer.ofVocabulary(vocabulary);
            case BYTES -> new ByteTokenizer();
            default -> TokenizerFile.ofJson(vocabulary, setting);
        };
    }

    /** Number of ids. */
    int size();

    /** All that {@link #ofVocabulary} needs, to be stored with a model. */
    String vocabulary();

    /** The ids of a text that a person gives; throws {@link DataException} for a character that has none. */
    int[] encode(String text);

    /** The ids of a part of a corpus. */
    default IntBuffer encodeCorpus(String text) {
        return IntBuffer.wrap(encode(text));
    }

    /** Whether a text can be encoded. */
    boolean has(String text);

    /** The text of ids; bytes that are no UTF-8 become U+FFFD. */
    String decode(int... ids);

    /** Throws {@link DataException} for an id that there is not. */
    default void requireIds(int... ids) {
        for (int id : ids) {
            if (id < 0 || id >= size()) {
                throw new DataException(
                        "token %d is not in the vocabulary; allowed: 0 to %d".formatted(id, size() - 1));
            }
        }
    }
}
