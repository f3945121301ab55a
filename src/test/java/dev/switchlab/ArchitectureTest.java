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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/** The rooms of the house and who may use whom; and the DJL calls that corrupt gradients. */
@AnalyzeClasses(packages = "dev.switchlab", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    private static final Set<String> SCALED = Set.of("mul", "div", "pow", "muli", "divi", "powi");

    private static final Pattern READS = Pattern.compile(
            "to(Float|Double|Long|Int|Byte|Uint8|Boolean|String)?Array|toByteBuffer|encode|contentEquals"
                    + "|all|any|get(Float|Double|Long|Int|Byte|Uint8|Boolean|String)");

    /** Per room: the rooms it may use; what those may use, it may use too. A room stands above all that it uses. */
    private static final String ROOMS = """
            cli            notebook bench sweep.slurm paper
            notebook       lab
            lab            session golden
            sweep.slurm    sweep
            paper          sweep
            sweep          session
            session        analysis provenance
            bench          analysis.chart provenance train
            analysis       analysis.chart runs.mirror provenance
            analysis.chart page
            golden         page train
            page
            runs.mirror    runs
            runs           runs.db train
            runs.db
            train          nn data safetensors
            provenance     experiment io
            nn             nn.kernel experiment world
            nn.kernel
            data           experiment random io
            safetensors    io
            random         io
            world          io
            experiment
            io
            """;

    @ArchTest
    static final ArchRule arrowsPointDown = layers();

    private static ArchRule layers() {
        LayeredArchitecture house = layeredArchitecture().consideringOnlyDependenciesInLayers();
        Map<String, Set<String>> reach = new HashMap<>();
        List<String> lines = ROOMS.lines().toList();
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

    /** Each of these waits for the device; one that is not counted would be one that nobody sees. */
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
