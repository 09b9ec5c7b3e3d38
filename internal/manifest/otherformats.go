package manifest

import "slices"

// imageKinds can occur wherever images are named.
var imageKinds = []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved}

// otherFormats are those of all ecosystems that have no list of their own.
var otherFormats = slices.Concat(imageFormats, cargoFormats, mavenFormats, composerFormats, gemFormats)

// otherCouplings hold the lock files of these ecosystems against their manifests.
var otherCouplings = slices.Concat(cargoCouplings, composerCouplings, gemCouplings)

// imageFormats are those that name images and actions.
var imageFormats = []Format{
	{Name: "dockerfile", Ecosystem: Docker, is: isDockerfile, Parse: parseDockerfile, Conditions: imageKinds},
	{Name: "github-actions", Ecosystem: Actions, is: isWorkflow, Parse: parseWorkflow, Conditions: imageKinds},
}
