package dev.switchlab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CharTokenizerTest {
    private final CharTokenizer tokenizer = CharTokenizer.of("to be\nor not");

    @Test
    void idsNumberTheSortedCharacters() {
        assertThat(tokenizer.vocabulary()).isEqualTo("\n benort");
        assertThat(tokenizer.size()).isEqualTo(8);
        assertThat(tokenizer.encode("tone")).containsExactly(7, 5, 4, 3);
        assertThat(tokenizer.decode(7, 5, 4, 3)).isEqualTo("tone");
    }

    @Test
    void charactersAreCodePointsSortedAsSuch() {
        // In UTF-16 order the smiley (U+1F600, surrogates D83D DE00) would come before U+FF01.
        CharTokenizer wide = CharTokenizer.of("\uD83D\uDE00\uFF01a");
        assertThat(wide.vocabulary()).isEqualTo("a\uFF01\uD83D\uDE00");
        assertThat(wide.encode("a\uD83D\uDE00")).containsExactly(0, 2);
        assertThat(wide.decode(2, 1)).isEqualTo("\uD83D\uDE00\uFF01");
    }

    @Test
    void theVocabularyRebuildsTheTokenizer() {
        assertThat(CharTokenizer.ofVocabulary(tokenizer.vocabulary()))
                .isEqualTo(tokenizer)
                .hasSameHashCodeAs(tokenizer);
        assertThat(CharTokenizer.of("other")).isNotEqualTo(tokenizer);
    }

    @Test
    void unknownCharactersAreRefusedWithTheirPlace() {
        assertThatThrownBy(() -> tokenizer.encode("to bé"))
                .isInstanceOf(DataException.class)
                .hasMessage("character 'é' (U+00E9) at position 4 is not in the vocabulary of 8 characters; leave the"
                        + " character out, or train on a text that has it; allowed: \"\\n benort\"");
        assertThatThrownBy(() -> tokenizer.encode("\uD83D\uDE00"))
                .hasMessageStartingWith("character '\uD83D\uDE00' (U+1F600) at position 0 is not in");
        assertThatThrownBy(() -> tokenizer.encode("t\r"))
                .hasMessageStartingWith("character '\\r' (U+000D) at position 1 is");
        assertThatThrownBy(() -> tokenizer.encode("\u200B"))
                .hasMessageStartingWith("character '\\u{200b}' (U+200B) at");
    }

    @Test
    void aLargeVocabularyIsNotListed() {
        String letters =
                IntStream.range(0x20000, 0x2E000).mapToObj(Character::toString).collect(Collectors.joining());
        assertThatThrownBy(() -> CharTokenizer.of(letters).encode("R"))
                .hasMessageEndingWith("allowed: characters of the training text");
    }

    @Test
    void unknownTokensAreRefused() {
        assertThatThrownBy(() -> tokenizer.decode(3, 8))
                .isInstanceOf(DataException.class)
                .hasMessage("token 8 is not in the vocabulary; allowed: 0 to 7");
        assertThatThrownBy(() -> tokenizer.decode(-1)).hasMessage("token -1 is not in the vocabulary; allowed: 0 to 7");
    }

    @Test
    void whatIsNoVocabularyIsRefused() {
        assertThatThrownBy(() -> CharTokenizer.of(""))
                .hasMessage("a vocabulary needs at least one character; the text is empty");
        assertThatThrownBy(() -> CharTokenizer.ofVocabulary("ba"))
                .hasMessage(
                        "vocabulary \"ba\": not the sorted distinct characters of a text; allowed: what the run stored");
        assertThatThrownBy(() -> CharTokenizer.ofVocabulary("aab")).isInstanceOf(DataException.class);
    }
}
