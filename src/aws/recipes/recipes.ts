/** A RoleSetup as three texts that a customer can run: each creates exactly its documents. Pure. */
import type { Recipes, RoleSetup } from '../aws.type.ts'
import { renderAwsCli } from './aws-cli.ts'
import { renderCloudFormation } from './cloud-formation.ts'
import type { RecipeOptions } from './recipe.ts'
import { renderTerraform } from './terraform.ts'

/** The texts depend on nothing but the arguments, so they need not be stored. */
export function renderRecipes(setup: RoleSetup, options: RecipeOptions): Recipes {
  return {
    terraform: renderTerraform(setup, options),
    cloudFormation: renderCloudFormation(setup, options),
    awsCli: renderAwsCli(setup, options),
  }
}
