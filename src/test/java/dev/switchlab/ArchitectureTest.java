package dev.switchlab;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;

/** The rooms of the house and who may use whom; and the DJL calls that corrupt gradients. */
@AnalyzeClasses(packages = "dev.switchlab", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    private static final Set<String> SCALED = Set.of("mul", "div", "pow", "muli", "divi", "powi");

    @ArchTest
    static final ArchRule arrowsPointDown = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("cli")
            .definedBy("dev.switchlab.cli..")
            .layer("notebook")
            .definedBy("dev.switchlab.notebook..")
            .layer("lab")
            .definedBy("dev.switchlab.lab..")
            .layer("session")
            .definedBy("dev.switchlab.session..")
            .layer("analysis")
            .definedBy("dev.switchlab.analysis..")
            .layer("bench")
            .definedBy("dev.switchlab.bench..")
            .layer("golden")
            .definedBy("dev.switchlab.golden..")
            .layer("train")
            .definedBy("dev.switchlab.train..")
            .layer("tracking")
            .definedBy("dev.switchlab.tracking")
            .layer("store")
            .definedBy("dev.switchlab.tracking.store..")
            .layer("provenance")
            .definedBy("dev.switchlab.provenance..")
            .layer("data")
            .definedBy("dev.switchlab.data..")
            .layer("nn")
            .definedBy("dev.switchlab.nn..")
            .layer("safetensors")
            .definedBy("dev.switchlab.safetensors..")
            .layer("random")
            .definedBy("dev.switchlab.random..")
            .layer("experiment")
            .definedBy("dev.switchlab.experiment..")
            .layer("page")
            .definedBy("dev.switchlab.page..")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("notebook")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("lab")
            .mayOnlyBeAccessedByLayers("notebook")
            .whereLayer("session")
            .mayOnlyBeAccessedByLayers("cli", "lab")
            .whereLayer("analysis")
            .mayOnlyBeAccessedByLayers("cli", "lab", "session")
            .whereLayer("bench")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("golden")
            .mayOnlyBeAccessedByLayers("cli", "lab")
            .whereLayer("page")
            .mayOnlyBeAccessedByLayers("cli", "notebook", "analysis", "golden")
            .whereLayer("train")
            .mayOnlyBeAccessedByLayers("cli", "lab", "session", "analysis", "bench", "golden")
            .whereLayer("tracking")
            .mayOnlyBeAccessedByLayers("cli", "lab", "session", "analysis", "train")
            .whereLayer("store")
            .mayOnlyBeAccessedByLayers("cli", "tracking")
            .whereLayer("provenance")
            .mayOnlyBeAccessedByLayers("cli", "lab", "session", "analysis", "train", "tracking")
            .whereLayer("data")
            .mayOnlyBeAccessedByLayers("cli", "lab", "session", "analysis", "bench", "golden", "train")
            .whereLayer("nn")
            .mayOnlyBeAccessedByLayers("cli", "lab", "session", "analysis", "bench", "golden", "train");

    /** Training talks to its log through the interface alone. */
    @ArchTest
    static final ArchRule trainKnowsOnlyTheRunLog = noClasses()
            .that()
            .resideInAPackage("dev.switchlab.train..")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.switchlab.tracking..")
                    .and(DescribedPredicate.describe(
                            "other than RunLog and RunStatus",
                            c -> !List.of("RunLog", "RunStatus").contains(c.getSimpleName()))));

    /**
     * DJL frees the scalar of {@code mul(Number)} and its relatives while autograd still holds it: if a garbage collection runs
     * before the backward pass, the gradient is garbage (see ForcedGcTest). Scalars are float32 tensors instead.
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
}
