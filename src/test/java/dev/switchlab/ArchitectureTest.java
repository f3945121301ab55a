package dev.switchlab;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture.LayerDependencySpecification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which package may use which, as the architecture page of the guide has it; and the DJL calls that corrupt gradients.
 */
@AnalyzeClasses(packages = "dev.switchlab", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    private static final Set<String> SCALED = Set.of("mul", "div", "pow", "muli", "divi", "powi");

    private static final Pattern READS = Pattern.compile(
            "to(Float|Double|Long|Int|Byte|Uint8|Boolean|String)?Array|toByteBuffer|encode|contentEquals"
                    + "|all|any|get(Float|Double|Long|Int|Byte|Uint8|Boolean|String)");

    /**
     * Per package, the packages that it may use; what those may use is allowed as well. A package stands above all that
     * it uses. The table is the first text block of architecture.md.
     */
    private static final Pattern TABLE = Pattern.compile("```text\n(.*?)```", Pattern.DOTALL);

    private static final Path ARCHITECTURE = Path.of("src/site/markdown/architecture.md");

    @ArchTest
    static final ArchRule arrowsPointDown = layers();

    private static ArchRule layers() {
        LayeredArchitecture house = layeredArchitecture().consideringOnlyDependenciesInLayers();
        Map<String, Set<String>> reach = new HashMap<>();
        List<String> lines = table();
        for (int i = lines.size() - 1; i >= 0; i--) {
            List<String> words = List.of(lines.get(i).split(" +"));
            Set<String> below = new HashSet<>();
            for (String used : words.subList(1, words.size())) {
                below.add(used);
                below.addAll(Objects.requireNonNull(reach.get(used), used + " stands above " + words.get(0)));
            }
            reach.put(words.get(0), below);
            house = house.layer(words.get(0)).definedBy("dev.switchlab." + words.get(0));
        }
        for (Map.Entry<String, Set<String>> room : reach.entrySet()) {
            LayerDependencySpecification access = house.whereLayer(room.getKey());
            house = room.getValue().isEmpty()
                    ? access.mayNotAccessAnyLayer()
                    : access.mayOnlyAccessLayers(room.getValue().toArray(String[]::new));
        }
        return house.ensureAllClassesAreContainedInArchitecture();
    }

    private static List<String> table() {
        try {
            Matcher table = TABLE.matcher(Files.readString(ARCHITECTURE));
            if (!table.find()) {
                throw new IllegalStateException(ARCHITECTURE + " has no table of packages");
            }
            return table.group(1).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * DJL frees the scalar of {@code mul(Number)} and its relatives while autograd still holds it: if a garbage
     * collection runs before the backward pass, the gradient is garbage (see ForcedGcTest). Scalars are float32 tensors
     * instead.
     */
    @ArchTest
    static final ArchRule noScalarOverloadsUnderAutograd = noClasses()
            .should()
            .callMethodWhere(new DescribedPredicate<JavaMethodCall>("NDArray.mul/div/pow(Number), in place or not") {
                @Override
                public boolean test(JavaMethodCall call) {
                    return assignableTo(NDArray.class).test(call.getTargetOwner())
                            && SCALED.contains(call.getName())
                            && call.getTarget().getRawParameterTypes().get(0).isEquivalentTo(Number.class);
                }
            });

    /** Reading a tensor waits for the device. Only HostCopy may do so, which counts each read. */
    @ArchTest
    static final ArchRule tensorsAreReadWhereItIsCounted = noClasses()
            .that()
            .resideInAnyPackage("dev.switchlab.nn..", "dev.switchlab.train..")
            .and()
            .doNotHaveSimpleName("HostCopy")
            .should()
            .callMethodWhere(new DescribedPredicate<JavaMethodCall>("that reads an NDArray's values") {
                @Override
                public boolean test(JavaMethodCall call) {
                    return assignableTo(NDArray.class).test(call.getTargetOwner())
                            && READS.matcher(call.getName()).matches();
                }
            });
}
