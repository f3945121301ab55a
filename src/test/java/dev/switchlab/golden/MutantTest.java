package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mutant still fits the sources and compiles; {@code make mutants} shows that the golden cases catch them. */
@Tag("slow")
class MutantTest {

    static Stream<Mutant> mutants() {
        return Mutant.all().stream();
    }

    @Test
    void theDocumentSaysHowManyThereAre() throws Exception {
        int mutants = Mutant.all().size();
        assertThat(Files.readString(Path.of("golden/README.md")))
                .contains("makes " + mutants + " small, wrong changes");
    }

    /** Every anchor stands exactly once in its source; a mutant that does not compile would show nothing. */
    @ParameterizedTest
    @MethodSource("mutants")
    void fitsAndCompiles(Mutant mutant, @TempDir Path folder) throws Exception {
        String source = Files.readString(mutant.source());
        assertThat(mutant.apply(source)).isNotEqualTo(source);
        mutant.write(folder);
        assertThat(folder).isNotEmptyDirectory();
    }

    @Test
    void layoutDoesNotCountAndWordsAreWhole() {
        Mutant mutant = new Mutant("m", "A.java", Map.of("y = y.mul( 2 );", "$0"));
        assertThat(mutant.apply("dy = dy.mul(2); y =\n  y.mul(2);")).isEqualTo("dy = dy.mul(2); $0");
    }

    @Test
    void anAnchorThatIsNotThereOrNotUniqueIsNamed() {
        Mutant mutant = new Mutant("m", "A.java", Map.of("a + b", "a - b"));
        assertThatThrownBy(() -> mutant.apply("a + b + a+b"))
                .hasMessage("mutant 'm': the anchor 'a + b' stands 2 times in A.java, not once; change it in"
                        + " mutants.yaml");
        assertThatThrownBy(() -> mutant.apply("a - b")).hasMessageContaining("stands 0 times in A.java");
    }

    @Test
    void aRenamedSourceIsFoundByItsAnchor() throws Exception {
        Mutant mutant = Mutant.all().get(0);
        Mutant renamed = new Mutant(mutant.name(), "nn/Renamed.java", mutant.replace());
        assertThat(renamed.source()).isEqualTo(mutant.source());
        assertThatThrownBy(() -> new Mutant("m", "nn/Renamed.java", Map.of("no such text", "")).source())
                .hasMessageStartingWith("mutant 'm': nn/Renamed.java does not exist");
    }
}
