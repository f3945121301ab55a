package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionTest {

    @Test
    void distanceCountsInsertedDeletedReplacedAndSwappedLetters() {
        assertThat(Suggestion.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
        assertThat(Suggestion.distance("haeds", "heads")).isEqualTo(1);
        assertThat(Suggestion.distance("Heads", "heads")).isZero();
    }

    @Test
    void onlyANearNameIsSuggested() {
        List<String> known = List.of("model.heads", "train.steps", "seed");
        assertThat(Suggestion.nearest("model.haeds", known)).contains("model.heads");
        assertThat(Suggestion.nearest("model.hads", known)).contains("model.heads");
        assertThat(Suggestion.nearest("sed", known)).contains("seed");
        assertThat(Suggestion.nearest("banana", known)).isEmpty();
    }
}
